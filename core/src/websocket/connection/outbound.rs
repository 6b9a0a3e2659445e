//! What goes: messages and control frames.

use core::{fmt, mem};

use super::event::Kind;
use super::{Connection, Context, Due};
use crate::bytes;
use crate::websocket::close::CloseCode;
use crate::websocket::compression::Compression;
use crate::websocket::frame::{FIN, MAX_CONTROL_LEN, MAX_HEADER_LEN, Opcode, first_byte, header_len, write_header};
use crate::websocket::mask::Mask;
use crate::websocket::role::Role;

/// Why something was not sent. Nothing was written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// The output is too short for it.
    NoRoom,
    /// A Close was sent, or is due, or the connection has ended.
    Closed,
    /// Another message was begun, and not ended.
    WithinMessage,
    /// The payload of a control frame has at most 125 bytes, of which a Close needs two for its code.
    ControlTooLong,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "the output is too short for the message",
            Self::Closed => "the connection is closed",
            Self::WithinMessage => "another message has begun and not ended",
            Self::ControlTooLong => "a control frame has at most 125 bytes",
        })
    }
}

impl core::error::Error for SendError {}

/// What [`Connection::send_piece`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Sent {
    /// Bytes of the piece that were used.
    pub taken: usize,
    /// Bytes that were written.
    pub written: usize,
    /// All of the piece was used; and if it is the last one, all of the message is written.
    pub is_done: bool,
}

/// Where frames are written.
pub(super) struct Output<'o> {
    /// What is free of it.
    pub(super) free: &'o mut [u8],
}

impl<'o> Output<'o> {
    pub(super) const fn new(out: &'o mut [u8]) -> Self {
        Self { free: out }
    }

    pub(super) const fn room(&self) -> usize {
        self.free.len()
    }

    /// The next so many bytes, if there are so many.
    fn take(&mut self, length: usize) -> Result<&'o mut [u8], SendError> {
        if length > self.free.len() {
            return Err(SendError::NoRoom);
        }
        let (place, free) = mem::take(&mut self.free).split_at_mut_checked(length).unwrap_or_default();
        self.free = free;
        Ok(place)
    }

    /// All but the last so many bytes are used.
    pub(super) fn leave(&mut self, room: usize) {
        let _ = self.take(self.free.len().saturating_sub(room));
    }
}

/// How much of the payload was used; and whether that is all, and if it is the last piece, all of the message is written.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub(super) bytes: usize,
    pub(super) is_done: bool,
}

/// The message that is being sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outbound {
    message: Option<Message>,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    kind: Kind,
    is_compressed: bool,
    /// Its first frame is written.
    is_begun: bool,
}

impl Outbound {
    pub(super) const fn new() -> Self {
        Self { message: None }
    }
}

/// How a message goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// With all of it, in one frame.
    Whole,
    /// With a piece, behind which others follow,
    Next,
    /// or with the last one.
    Last,
}

/// What an [`Outbox`](super::Outbox) sends through, whatever the role and the compression are. If a method fails, it has
/// written nothing. Each kind of frame has a method, so that a device links only what its handler sends.
pub(super) trait Sender {
    fn send_whole(&mut self, kind: Kind, message: &[u8], output: &mut Output<'_>) -> Result<(), SendError>;
    /// A part of a message, or all of it.
    fn send_part(
        &mut self,
        kind: Kind,
        part: Part,
        payload: &[u8],
        output: &mut Output<'_>,
    ) -> Result<Taken, SendError>;
    fn send_ping(&mut self, payload: &[u8], output: &mut Output<'_>) -> Result<(), SendError>;
    fn send_close(
        &mut self,
        cx: &Context<'_>,
        code: CloseCode,
        reason: &str,
        output: &mut Output<'_>,
    ) -> Result<(), SendError>;
}

impl<R: Role, C: Compression> Sender for Connection<R, C> {
    fn send_whole(&mut self, kind: Kind, message: &[u8], output: &mut Output<'_>) -> Result<(), SendError> {
        if self.compression.is_negotiated() {
            return self.send_part(kind, Part::Whole, message, output).map(|_| ());
        }
        self.check(kind, Part::Whole)?;
        self.write_frame(first_byte(true, false, opcode(kind)), message, output)
    }

    fn send_part(
        &mut self,
        kind: Kind,
        part: Part,
        payload: &[u8],
        output: &mut Output<'_>,
    ) -> Result<Taken, SendError> {
        self.check(kind, part)?;
        let is_last = part != Part::Next;
        let message = match self.outbound.message {
            Some(message) => message,
            None => Message { kind, is_compressed: self.deflates(payload, part, output.room()), is_begun: false },
        };
        let opcode = if message.is_begun { Opcode::Continuation } else { opcode(kind) };
        let start = first_byte(false, message.is_compressed && !message.is_begun, opcode);
        let room = output.room();
        let taken = if self.compression.is_negotiated() && message.is_compressed {
            self.write_deflated(start, payload, is_last, output)?
        } else {
            self.write_some(start, payload, part, output)?
        };
        let is_begun = message.is_begun || output.room() < room;
        self.outbound.message = (!(is_last && taken.is_done)).then_some(Message { is_begun, ..message });
        Ok(taken)
    }

    fn send_ping(&mut self, payload: &[u8], output: &mut Output<'_>) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload, output)
    }

    fn send_close(
        &mut self,
        cx: &Context<'_>,
        code: CloseCode,
        reason: &str,
        output: &mut Output<'_>,
    ) -> Result<(), SendError> {
        self.check_open()?;
        let mut payload = [0; MAX_CONTROL_LEN];
        let length = reason.len().saturating_add(2);
        let payload = payload.get_mut(..length).ok_or(SendError::ControlTooLong)?;
        if let Some((code_place, reason_place)) = payload.split_first_chunk_mut() {
            *code_place = code.get().to_be_bytes();
            bytes::copy(reason.as_bytes(), reason_place);
        }
        self.write_control(Opcode::Close, payload, output)?;
        self.due = Due::NOTHING;
        self.note_close_sent(cx);
        Ok(())
    }
}

impl<R: Role, C: Compression> Connection<R, C> {
    /// Sends a message in one frame: compressed, if that was negotiated and [`Compression::wants_to_deflate`]. Returns how
    /// many bytes were written: at most 10 more than the message has for a server, and 14 for a client, if it is not
    /// compressed. Text must be UTF-8.
    ///
    /// # Errors
    /// Nothing is written then, and nothing has changed.
    pub fn send_message(&mut self, kind: Kind, message: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        written(out, |output| self.send_whole(kind, message, output)).map(|((), written)| written)
    }

    /// Sends as much of the next piece of a message as there is room for, in a fragment. The first piece begins the message;
    /// `is_last`: no piece follows. Until [`Sent::is_done`] call it again with what was not taken, also if that is nothing. So
    /// a message may be longer than any buffer, and its length need not be known.
    ///
    /// Text must be UTF-8 once its pieces are joined. The kind is the same for all of them. Control frames may be sent between
    /// two pieces.
    ///
    /// # Errors
    /// [`SendError::NoRoom`] if no byte of it can be sent; [`SendError::Closed`]; [`SendError::WithinMessage`] if a message of
    /// the other kind was begun.
    pub fn send_piece(&mut self, kind: Kind, piece: &[u8], is_last: bool, out: &mut [u8]) -> Result<Sent, SendError> {
        let part = if is_last { Part::Last } else { Part::Next };
        let (taken, written) = written(out, |output| self.send_part(kind, part, piece, output))?;
        Ok(Sent { taken: taken.bytes, written, is_done: taken.is_done })
    }

    /// May this part of a message be sent now?
    #[inline(always)]
    fn check(&self, kind: Kind, part: Part) -> Result<(), SendError> {
        self.check_open()?;
        match self.outbound.message {
            Some(message) if message.kind != kind || part == Part::Whole => Err(SendError::WithinMessage),
            Some(_) | None => Ok(()),
        }
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.is_open() { Ok(()) } else { Err(SendError::Closed) }
    }

    /// Is a message that begins so to be compressed?
    fn deflates(&self, payload: &[u8], part: Part, room: usize) -> bool {
        if !self.compression.is_negotiated() {
            return false;
        }
        // Once a byte is deflated there is no way back.
        let most = self.compression.max_deflated_len(payload.len()).and_then(|most| most.checked_add(MAX_HEADER_LEN));
        let may_fit = part != Part::Whole || most.is_some_and(|most| most <= room);
        may_fit && self.compression.wants_to_deflate((part != Part::Next).then_some(payload.len()))
    }

    /// Sends a Ping with at most 125 bytes. Returns how many bytes were written: at most 131.
    ///
    /// # Errors
    /// Nothing is written then.
    pub fn send_ping(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        written(out, |output| self.send_control(Opcode::Ping, payload, output)).map(|((), written)| written)
    }

    /// Sends a Pong: in answer to a Ping, with its payload; or by itself. Returns how many bytes were written: at most 131.
    ///
    /// # Errors
    /// Nothing is written then.
    pub fn send_pong(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        written(out, |output| self.send_control(Opcode::Pong, payload, output)).map(|((), written)| written)
    }

    /// A Ping or a Pong.
    pub(super) fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), SendError> {
        self.check_open()?;
        self.write_control(opcode, payload, output)
    }

    pub(super) fn write_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL_LEN {
            return Err(SendError::ControlTooLong);
        }
        self.write_frame(first_byte(true, false, opcode), payload, output)
    }

    /// As much of the payload as there is room for; or all of it, or nothing.
    fn write_some(&mut self, start: u8, piece: &[u8], part: Part, output: &mut Output<'_>) -> Result<Taken, SendError> {
        let most = piece.len().min(output.room());
        let room = output.room().checked_sub(header_len(most, !R::IS_SERVER)).ok_or(SendError::NoRoom)?;
        let bytes = most.min(room);
        let is_done = bytes == piece.len();
        if !is_done && (part == Part::Whole || bytes == 0) {
            return Err(SendError::NoRoom);
        }
        if bytes > 0 || part != Part::Next {
            let first = if is_done && part != Part::Next { start | FIN } else { start };
            self.write_frame(first, piece.get(..bytes).unwrap_or_default(), output)?;
        }
        Ok(Taken { bytes, is_done })
    }

    /// As much of the payload, deflated, as there is room for.
    fn write_deflated(
        &mut self,
        start: u8,
        piece: &[u8],
        is_last: bool,
        output: &mut Output<'_>,
    ) -> Result<Taken, SendError> {
        let reserved = header_len(output.room(), !R::IS_SERVER);
        let room = output.free.get_mut(reserved..).filter(|room| !room.is_empty()).ok_or(SendError::NoRoom)?;
        let deflated = self.compression.deflate(piece, room, is_last);
        let (bytes, length) = (deflated.taken.min(piece.len()), deflated.written.min(room.len()));
        let is_done = bytes == piece.len() && (deflated.is_done || !is_last);
        let is_final = is_last && is_done;
        if length > 0 || is_final {
            // A shorter payload may have a shorter header than there is room for.
            let place = header_len(length, !R::IS_SERVER);
            let end = reserved.saturating_add(length);
            if place < reserved && end <= output.room() {
                output.free.copy_within(reserved..end, place);
            }
            let (mask, payload) = self.begin_frame(if is_final { start | FIN } else { start }, length, output)?;
            if let Some(mut mask) = mask {
                mask.apply(payload);
            }
        }
        Ok(Taken { bytes, is_done })
    }

    fn write_frame(&mut self, first: u8, payload: &[u8], output: &mut Output<'_>) -> Result<(), SendError> {
        let (mask, place) = self.begin_frame(first, payload.len(), output)?;
        if let Some(mut mask) = mask {
            mask.copy(payload, place);
        } else {
            bytes::copy(payload, place);
        }
        Ok(())
    }

    /// Writes the header of a frame, all of which has room. Returns the place of its payload, and what masks that, if it is to be masked.
    fn begin_frame<'o>(
        &mut self,
        first: u8,
        length: usize,
        output: &mut Output<'o>,
    ) -> Result<(Option<Mask>, &'o mut [u8]), SendError> {
        let head = header_len(length, !R::IS_SERVER);
        let frame = output.take(head.wrapping_add(length))?;
        let key = self.role.next_key();
        let (head, place) = frame.split_at_mut_checked(head).unwrap_or_default();
        write_header(first, length, key, head);
        Ok((key.map(Mask::new), place))
    }
}

/// Lets that write to the front of `out`. What it returns, and how many bytes it wrote.
pub(super) fn written<T>(
    out: &mut [u8],
    write: impl FnOnce(&mut Output<'_>) -> Result<T, SendError>,
) -> Result<(T, usize), SendError> {
    let room = out.len();
    let mut output = Output::new(out);
    let result = write(&mut output)?;
    Ok((result, room.wrapping_sub(output.room())))
}

const fn opcode(kind: Kind) -> Opcode {
    match kind {
        Kind::Text => Opcode::Text,
        Kind::Binary => Opcode::Binary,
    }
}
