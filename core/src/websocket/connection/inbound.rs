//! What comes: frames become pieces of messages, and control frames.

use super::event::Kind;
use crate::bytes;
use crate::websocket::compression::{Compression, InvalidData};
use crate::websocket::error::{Error, Rule};
use crate::websocket::frame::{Expected, FrameHeader, HeaderDecoder, InvalidHeader, Opcode};
use crate::websocket::mask::Mask;
use crate::websocket::utf8::Utf8;

/// Compressed payload is unmasked on the stack, so many bytes at a time.
const CHUNK: usize = 512;

/// What holds for one call.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Frames must be masked.
    pub(super) mask: bool,
    pub(super) frame_bytes: usize,
    pub(super) message_bytes: usize,
    /// The longest piece of a message.
    pub(super) piece: usize,
}

/// What was found. Its bytes lie at the front of the room.
#[derive(Clone, Copy)]
pub(super) enum Found {
    NeedMore,
    Piece { kind: Kind, is_first: bool, is_last: bool, length: usize },
    Ping { length: usize },
    Pong { length: usize },
    Close { length: usize },
}

/// The peer broke a rule: see [`Inbound::error`].
#[derive(Debug)]
pub(super) struct Broken;

#[derive(Clone, Debug)]
pub(super) struct Inbound {
    header: HeaderDecoder,
    frame: Frame,
    /// Bytes of the frame's payload that have not come.
    left: usize,
    mask: Mask,
    message: Option<Message>,
    /// Bytes of the message so far, inflated.
    length: usize,
    /// Bytes of a control frame that lie at the front of the room.
    control: u8,
    utf8: Utf8,
    /// Bytes of the stream before the present input.
    offset: u64,
    broken: Option<Error>,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Frame {
    Header,
    Data { is_final: bool },
    Control(Opcode),
}

/// The message that has begun and not ended.
#[derive(Clone, Copy, Debug)]
struct Message {
    kind: Kind,
    is_compressed: bool,
    /// None of its bytes was handed out.
    is_first: bool,
}

/// What became of some payload.
struct Payload {
    written: usize,
    /// The payload of the frame has come, and all of it is written.
    is_done: bool,
}

impl Inbound {
    pub(super) const fn new() -> Self {
        Self {
            header: HeaderDecoder::new(),
            frame: Frame::Header,
            left: 0,
            mask: Mask::NONE,
            message: None,
            length: 0,
            control: 0,
            utf8: Utf8::NEW,
            offset: 0,
            broken: None,
        }
    }

    /// Bytes at the front of the room that must be there again.
    pub(super) fn stored(&self) -> usize {
        usize::from(self.control)
    }

    /// Has a part of a frame come, or of a message?
    pub(super) fn is_within(&self) -> bool {
        self.header.is_within() || self.frame != Frame::Header || self.message.is_some()
    }

    pub(super) const fn error(&self) -> Option<Error> {
        self.broken
    }

    pub(super) fn receive(
        &mut self,
        compression: &mut impl Compression,
        bounds: Bounds,
        input: &[u8],
        room: &mut [u8],
    ) -> Result<(usize, Found), Broken> {
        if self.broken.is_some() {
            return Err(Broken);
        }
        let mut rest = input;
        let found = self.read(compression, bounds, &mut rest, room);
        let taken = input.len().wrapping_sub(rest.len());
        self.offset = self.offset.saturating_add(as_u64(taken));
        if let Some(error) = &mut self.broken {
            error.offset = self.offset.saturating_sub(error.offset);
        }
        Ok((taken, found?))
    }

    /// Reads up to the next event. The offset of an error counts backwards from what is left.
    fn read(
        &mut self,
        compression: &mut impl Compression,
        bounds: Bounds,
        rest: &mut &[u8],
        room: &mut [u8],
    ) -> Result<Found, Broken> {
        loop {
            match self.frame {
                Frame::Header => {
                    let Some(header) = self.read_header(compression, bounds, rest)? else { return Ok(Found::NeedMore) };
                    self.begin(&header, bounds)?;
                }
                Frame::Control(opcode) => return self.read_control(opcode, rest, room),
                Frame::Data { is_final } => {
                    let Some(message) = self.message else { return Err(self.breaks(Rule::UnexpectedContinuation)) };
                    let payload = if compression.is_negotiated() && message.is_compressed {
                        self.inflate(compression, bounds, is_final, rest, room)?
                    } else {
                        self.copy(bounds, rest, room)
                    };
                    if payload.is_done {
                        self.frame = Frame::Header;
                    }
                    let is_last = payload.is_done && is_final;
                    if payload.written > 0 || is_last {
                        return self.piece(message, room.get(..payload.written).unwrap_or_default(), is_last);
                    }
                    if !payload.is_done {
                        if !rest.is_empty() {
                            return Err(self.breaks(Rule::StoreTooSmall));
                        }
                        return Ok(Found::NeedMore);
                    }
                }
            }
        }
    }

    fn read_header(
        &mut self,
        compression: &impl Compression,
        bounds: Bounds,
        rest: &mut &[u8],
    ) -> Result<Option<FrameHeader>, Broken> {
        let expected = Expected {
            mask: bounds.mask,
            compression: compression.is_negotiated(),
            continuation: self.message.is_some(),
        };
        match self.header.decode(rest, expected) {
            Ok((count, header)) => {
                *rest = bytes::from(rest, count);
                Ok(header)
            }
            Err(InvalidHeader { rule, at }) => {
                *rest = bytes::from(rest, at);
                Err(self.breaks(rule))
            }
        }
    }

    fn begin(&mut self, header: &FrameHeader, bounds: Bounds) -> Result<(), Broken> {
        // More than there can be is longer than any limit, too.
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        self.left = length;
        self.mask = header.mask.map_or(Mask::NONE, Mask::new);
        let begins = |kind| Some(Message { kind, is_compressed: header.is_compressed, is_first: true });
        match header.opcode {
            Opcode::Text => (self.message, self.length) = (begins(Kind::Text), 0),
            Opcode::Binary => (self.message, self.length) = (begins(Kind::Binary), 0),
            Opcode::Continuation => {}
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                self.frame = Frame::Control(header.opcode);
                return Ok(());
            }
        }
        self.frame = Frame::Data { is_final: header.is_final };
        if length > bounds.frame_bytes {
            return Err(self.breaks(Rule::FrameTooLong));
        }
        let is_compressed = self.message.is_some_and(|message| message.is_compressed);
        if !is_compressed && self.length.saturating_add(length) > bounds.message_bytes {
            return Err(self.breaks(Rule::MessageTooLong));
        }
        Ok(())
    }

    fn read_control(&mut self, opcode: Opcode, rest: &mut &[u8], room: &mut [u8]) -> Result<Found, Broken> {
        let count = self.unmask(rest, room.get_mut(self.stored()..).unwrap_or_default());
        // At most 125 of them come.
        self.control = self.control.wrapping_add(u8::try_from(count).unwrap_or(0));
        self.consume(count, rest);
        if self.left == 0 {
            self.frame = Frame::Header;
            let length = usize::from(core::mem::take(&mut self.control));
            return Ok(match opcode {
                Opcode::Ping => Found::Ping { length },
                Opcode::Pong => Found::Pong { length },
                Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => Found::Close { length },
            });
        }
        if rest.is_empty() { Ok(Found::NeedMore) } else { Err(self.breaks(Rule::StoreTooSmall)) }
    }

    /// Payload that is not compressed.
    fn copy(&mut self, bounds: Bounds, rest: &mut &[u8], room: &mut [u8]) -> Payload {
        let most = bounds.piece.min(room.len());
        let written = self.unmask(rest, room.get_mut(..most).unwrap_or_default());
        self.consume(written, rest);
        self.length = self.length.saturating_add(written);
        Payload { written, is_done: self.left == 0 }
    }

    /// Payload that is.
    fn inflate(
        &mut self,
        compression: &mut impl Compression,
        bounds: Bounds,
        is_final: bool,
        rest: &mut &[u8],
        room: &mut [u8],
    ) -> Result<Payload, Broken> {
        // One byte more than there may be shows that there are too many.
        let most = bounds.message_bytes.saturating_sub(self.length).saturating_add(1);
        let most = most.min(bounds.piece).min(room.len());
        let mut payload = Payload { written: 0, is_done: false };
        while payload.written < most {
            let mut chunk = [0; CHUNK];
            let length = self.peek(rest, &mut chunk);
            let is_end = is_final && length == self.left;
            let place = room.get_mut(payload.written..most).unwrap_or_default();
            let inflated = match compression.inflate(chunk.get(..length).unwrap_or_default(), place, is_end) {
                Ok(inflated) => inflated,
                Err(InvalidData) => return Err(self.breaks(Rule::InvalidCompressedData)),
            };
            let (taken, written) = (inflated.taken.min(length), inflated.written.min(place.len()));
            self.mask.advance(taken);
            self.consume(taken, rest);
            payload.written = payload.written.saturating_add(written);
            let is_idle = taken == 0 && written == 0;
            if self.left == 0 && (if is_final { inflated.is_done } else { is_idle }) {
                payload.is_done = true;
                break;
            }
            if is_idle {
                // With room it takes what there is, and ends what has ended.
                if length > 0 || is_end {
                    return Err(self.breaks(Rule::InvalidCompressedData));
                }
                break;
            }
        }
        self.length = self.length.saturating_add(payload.written);
        if self.length > bounds.message_bytes {
            return Err(self.breaks(Rule::MessageTooLong));
        }
        Ok(payload)
    }

    /// Hands out the next bytes of a message: those that are valid, and then the error at the first one that is not.
    fn piece(&mut self, message: Message, bytes: &[u8], is_last: bool) -> Result<Found, Broken> {
        let Message { kind, is_first, .. } = message;
        let mut length = bytes.len();
        if kind == Kind::Text {
            if let Err(at) = self.utf8.check(bytes) {
                self.breaks(Rule::InvalidUtf8);
                if let Some(error) = self.broken.as_mut().filter(|_| !message.is_compressed) {
                    error.offset = as_u64(length.saturating_sub(at));
                }
                length = at;
            } else if is_last && !self.utf8.is_complete() {
                self.breaks(Rule::InvalidUtf8);
            }
        }
        if length == 0 && self.broken.is_some() {
            return Err(Broken);
        }
        let is_last = is_last && self.broken.is_none();
        self.message = (!is_last).then_some(Message { is_first: false, ..message });
        Ok(Found::Piece { kind, is_first, is_last, length })
    }

    /// The peer broke a rule, and all of its bytes so far are read. The first rule stays.
    pub(super) fn fail(&mut self, rule: Rule) -> Broken {
        self.broken.get_or_insert(Error { rule, offset: self.offset });
        Broken
    }

    /// The same at the next byte that is not read.
    #[cold]
    fn breaks(&mut self, rule: Rule) -> Broken {
        self.broken = Some(Error { rule, offset: 0 });
        Broken
    }

    /// Unmasks the next bytes of the payload. Returns how many.
    fn unmask(&mut self, rest: &[u8], to: &mut [u8]) -> usize {
        self.mask.copy(rest.get(..self.left).unwrap_or(rest), to)
    }

    /// The same, without using them up.
    fn peek(&self, rest: &[u8], to: &mut [u8]) -> usize {
        let mut mask = self.mask;
        mask.copy(rest.get(..self.left).unwrap_or(rest), to)
    }

    /// So many bytes of the payload are used.
    fn consume(&mut self, count: usize, rest: &mut &[u8]) {
        self.left = self.left.saturating_sub(count);
        *rest = bytes::from(rest, count);
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
