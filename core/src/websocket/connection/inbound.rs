//! What comes: frames become pieces of messages, and control frames.

use core::mem;

use super::event::Kind;
use crate::bytes;
use crate::websocket::compression::{Compression, InvalidData};
use crate::websocket::error::{Error, Rule};
use crate::websocket::frame::{Expected, HeaderDecoder, Opcode};
use crate::websocket::limits::Limits;
use crate::websocket::mask::Mask;
use crate::websocket::role::Role;
use crate::websocket::utf8::Utf8;

/// Compressed payload is unmasked on the stack, so many bytes at a time.
const CHUNK: usize = 512;

/// What holds for one call.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub(super) limits: &'a Limits,
    /// The longest message, if the limits do not want a shorter one.
    pub(super) message_bytes: usize,
    /// The longest piece of a message.
    pub(super) piece: usize,
}

impl Bounds<'_> {
    /// The longest message that there may be: never more than the machine can count.
    fn message_bytes(&self) -> u64 {
        self.limits.message_bytes.min(as_u64(self.message_bytes))
    }
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
    /// That of the present frame, or of the next one.
    header: HeaderDecoder,
    /// The header is complete, and its payload is not.
    in_payload: bool,
    broken: Option<Rule>,
    /// The message that has begun and not ended.
    message: Option<Kind>,
    is_compressed: bool,
    /// The room was full before all that had come was inflated.
    is_inflating: bool,
    /// None of its bytes was handed out.
    is_first: bool,
    /// Bytes of a control frame that lie at the front of the room.
    control: u8,
    utf8: Utf8,
    mask: Mask,
    /// Bytes of the frame's payload that have not come.
    left: usize,
    /// Bytes of the message so far, inflated.
    length: usize,
    /// Bytes of the stream that were used: up to the one that broke a rule.
    offset: u64,
}

impl Inbound {
    pub(super) const fn new() -> Self {
        Self {
            header: HeaderDecoder::new(),
            in_payload: false,
            broken: None,
            message: None,
            is_compressed: false,
            is_inflating: false,
            is_first: false,
            control: 0,
            utf8: Utf8::NEW,
            mask: Mask::NONE,
            left: 0,
            length: 0,
            offset: 0,
        }
    }

    /// Bytes at the front of the room that must be there again.
    pub(super) fn stored(&self) -> usize {
        usize::from(self.control)
    }

    /// Has a part of a frame come, or of a message?
    pub(super) const fn is_within(&self) -> bool {
        self.header.is_within() || self.in_payload || self.message.is_some()
    }

    /// May there be more of a compressed message without more input?
    pub(super) const fn is_inflating(&self) -> bool {
        self.is_inflating
    }

    pub(super) fn error(&self) -> Option<Error> {
        self.broken.map(|rule| Error { rule, offset: self.offset })
    }

    /// Reads up to the next event, and takes what it used from `rest`.
    pub(super) fn receive<R: Role>(
        &mut self,
        compression: &mut impl Compression,
        bounds: Bounds<'_>,
        rest: &mut &[u8],
        room: &mut [u8],
    ) -> Result<Found, Broken> {
        if self.broken.is_some() {
            return Err(Broken);
        }
        let before = rest.len();
        let found = self.read::<R>(compression, bounds, rest, room);
        self.offset = self.offset.wrapping_add(as_u64(before.wrapping_sub(rest.len())));
        found.map_err(|rule| {
            self.broken = Some(rule);
            Broken
        })
    }

    /// The same. Of an error the byte that breaks the rule is left, or what is behind it.
    // Among all else that a conversation does, it would be larger on a device.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn read<R: Role>(
        &mut self,
        compression: &mut impl Compression,
        bounds: Bounds<'_>,
        rest: &mut &[u8],
        room: &mut [u8],
    ) -> Result<Found, Rule> {
        loop {
            if !self.in_payload {
                let Some((byte, behind)) = rest.split_first() else { return Ok(Found::NeedMore) };
                let expected = Expected {
                    mask: R::IS_SERVER,
                    compression: compression.is_negotiated(),
                    continuation: self.message.is_some(),
                };
                let is_complete = self.header.push(*byte, expected)?;
                *rest = behind;
                if is_complete {
                    self.begin(bounds, compression.is_negotiated())?;
                }
                continue;
            }
            if self.header.is_control() {
                return self.read_control(rest, room);
            }
            // No payload comes without one.
            let kind = self.message.ok_or(Rule::UnexpectedContinuation)?;
            let is_compressed = compression.is_negotiated() && self.is_compressed;
            let (written, is_done) = if is_compressed {
                self.inflate(compression, bounds, rest, room)?
            } else {
                let most = bounds.piece.min(room.len());
                let written = self.unmask(rest, room.get_mut(..most).unwrap_or_default());
                (written, written == self.left)
            };
            let is_last = is_done && self.header.is_final();
            let bytes = room.get(..written).unwrap_or_default();
            let valid = if kind == Kind::Text { self.check(bytes, is_last)? } else { written };
            if !is_compressed {
                self.consume(valid, rest);
                self.length = self.length.wrapping_add(valid);
            }
            self.in_payload = !is_done;
            let is_last = is_last && self.broken.is_none();
            if valid > 0 || is_last {
                let is_first = mem::take(&mut self.is_first);
                if is_last {
                    self.message = None;
                }
                return Ok(Found::Piece { kind, is_first, is_last, length: valid });
            }
            if !is_done {
                return if rest.is_empty() { Ok(Found::NeedMore) } else { Err(Rule::StoreTooSmall) };
            }
        }
    }

    /// A header is complete. `may_compress`: an extension was agreed on that does.
    fn begin(&mut self, bounds: Bounds<'_>, may_compress: bool) -> Result<(), Rule> {
        // What a word of the machine has no bits for is refused below.
        self.left = usize::try_from(self.header.length() & as_u64(usize::MAX)).unwrap_or(usize::MAX);
        self.mask = self.header.mask();
        self.in_payload = true;
        if self.header.is_control() {
            return Ok(());
        }
        if self.header.opcode() != Opcode::Continuation.get() {
            let kind = if self.header.opcode() == Opcode::Text.get() { Kind::Text } else { Kind::Binary };
            self.message = Some(kind);
            self.is_compressed = may_compress && self.header.is_compressed();
            (self.is_first, self.length) = (true, 0);
        }
        if self.header.length() > bounds.limits.frame_bytes {
            return Err(Rule::FrameTooLong);
        }
        let most = if may_compress && self.is_compressed { as_u64(usize::MAX) } else { bounds.message_bytes() };
        if is_too_long(as_u64(self.length), self.header.length(), most) {
            return Err(Rule::MessageTooLong);
        }
        Ok(())
    }

    fn read_control(&mut self, rest: &mut &[u8], room: &mut [u8]) -> Result<Found, Rule> {
        let count = self.unmask(rest, room.get_mut(self.stored()..).unwrap_or_default());
        // At most 125 of them come.
        self.control = self.control.wrapping_add(u8::try_from(count).unwrap_or(0));
        self.consume(count, rest);
        if self.left == 0 {
            self.in_payload = false;
            let length = usize::from(mem::take(&mut self.control));
            return Ok(match Opcode::new(self.header.opcode()) {
                Some(Opcode::Ping) => Found::Ping { length },
                Some(Opcode::Pong) => Found::Pong { length },
                _ => Found::Close { length },
            });
        }
        if rest.is_empty() { Ok(Found::NeedMore) } else { Err(Rule::StoreTooSmall) }
    }

    /// Inflates the next bytes of a message. Returns how many it wrote, and whether all of the frame is used and written.
    fn inflate(
        &mut self,
        compression: &mut impl Compression,
        bounds: Bounds<'_>,
        rest: &mut &[u8],
        room: &mut [u8],
    ) -> Result<(usize, bool), Rule> {
        let is_final = self.header.is_final();
        // One byte more than there may be shows that there are too many.
        let message_bytes = usize::try_from(bounds.message_bytes()).unwrap_or(usize::MAX);
        let allowed = message_bytes.saturating_sub(self.length);
        let most = allowed.saturating_add(1).min(bounds.piece).min(room.len());
        let (mut filled, mut is_done): (usize, bool) = (0, false);
        while filled < most {
            let mut chunk = [0; CHUNK];
            let length = self.peek(rest, &mut chunk);
            let is_end = is_final && length == self.left;
            let place = room.get_mut(filled..most).unwrap_or_default();
            let inflated = compression.inflate(chunk.get(..length).unwrap_or_default(), place, is_end);
            let inflated = inflated.map_err(|InvalidData| Rule::InvalidCompressedData)?;
            let (taken, written) = (inflated.taken.min(length), inflated.written.min(place.len()));
            self.mask.advance(taken);
            self.consume(taken, rest);
            filled = filled.saturating_add(written);
            let is_idle = taken == 0 && written == 0;
            if self.left == 0 && (if is_final { inflated.is_done } else { is_idle }) {
                is_done = true;
                break;
            }
            if is_idle {
                // With room it takes what there is, and ends what has ended.
                if length > 0 || is_end {
                    return Err(Rule::InvalidCompressedData);
                }
                break;
            }
        }
        self.is_inflating = filled == most && !is_done;
        if filled > allowed {
            return Err(Rule::MessageTooLong);
        }
        self.length = self.length.wrapping_add(filled);
        Ok((filled, is_done))
    }

    /// The next bytes of a text: how many of them are valid. The error at the first one that is not comes behind those.
    fn check(&mut self, bytes: &[u8], is_last: bool) -> Result<usize, Rule> {
        let checked = self.utf8.check(bytes);
        let valid = checked.err().unwrap_or(bytes.len());
        if checked.is_err() || (is_last && !self.utf8.is_complete()) {
            if valid == 0 {
                return Err(Rule::InvalidUtf8);
            }
            self.broken = Some(Rule::InvalidUtf8);
        }
        Ok(valid)
    }

    /// The peer broke a rule at the next byte. The first rule stays.
    pub(super) fn fail(&mut self, rule: Rule) -> Broken {
        self.broken = self.broken.or(Some(rule));
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
        self.left = self.left.wrapping_sub(count);
        *rest = bytes::from(rest, count);
    }
}

/// Has a message too many bytes, once those of this frame have come? `most` is at most what the machine can count, so a
/// longer frame is refused whatever the limits are.
const fn is_too_long(came: u64, frame: u64, most: u64) -> bool {
    // Neither has more than 63 bits.
    came.wrapping_add(frame) > most
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::compression::{Deflated, Inflated};
    use crate::websocket::role::Server;

    /// Inflates whatever comes to as many bytes as there is room for.
    struct Bomb;

    impl Compression for Bomb {
        fn is_negotiated(&self) -> bool {
            true
        }

        fn inflate(&mut self, input: &[u8], output: &mut [u8], _: bool) -> Result<Inflated, InvalidData> {
            Ok(Inflated { taken: input.len(), written: output.len(), is_done: false })
        }

        fn wants_to_deflate(&self, _: Option<usize>) -> bool {
            false
        }

        fn max_deflated_len(&self, _: usize) -> Option<usize> {
            None
        }

        fn deflate(&mut self, _: &[u8], _: &mut [u8], _: bool) -> Deflated {
            Deflated::default()
        }
    }

    #[test]
    fn inflated_bytes_are_bounded_up_to_what_the_machine_can_count() {
        const ROOM: usize = 10;
        for message_bytes in [1_000, u64::MAX] {
            let most = usize::try_from(message_bytes).unwrap_or(usize::MAX);
            let limits = Limits { message_bytes, ..Limits::DEFAULT };
            let bounds = Bounds { limits: &limits, message_bytes: usize::MAX, piece: usize::MAX };
            for (left, expected) in [(ROOM + 1, Ok(ROOM)), (ROOM, Ok(ROOM)), (ROOM - 1, Err(())), (0, Err(()))] {
                let (mut inbound, mut room) = (Inbound::new(), [0; ROOM]);
                let begun = inbound.receive::<Server>(&mut Bomb, bounds, &mut &b"\xc2\x81\0\0\0\0"[..], &mut room);
                assert!(begun.is_ok());
                inbound.length = most - left;
                let found = inbound.receive::<Server>(&mut Bomb, bounds, &mut &b"a"[..], &mut room);
                let length = found.map(|found| if let Found::Piece { length, .. } = found { length } else { 0 });
                assert_eq!(length.map_err(|Broken| ()), expected, "{left} of {most} bytes are left");
                assert!(expected.is_ok() || inbound.broken == Some(Rule::MessageTooLong));
            }
        }
    }

    #[test]
    fn more_than_the_machine_can_count_is_too_long() {
        const WORD: u64 = u32::MAX as u64;
        for (came, frame, most, expected) in [
            (0, WORD, WORD, false),
            (1, WORD - 1, WORD, false),
            (1, WORD, WORD, true),
            (0, WORD + 1, WORD, true),
            (0, u64::MAX >> 1, WORD, true),
            (10, 5, 15, false),
            (10, 6, 15, true),
        ] {
            assert_eq!(is_too_long(came, frame, most), expected, "{frame} behind {came}, of {most}");
        }
    }
}
