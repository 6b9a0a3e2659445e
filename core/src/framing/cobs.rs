//! COBS: consistent overhead byte stuffing (Cheshire and Baker, 1999).

use core::convert::Infallible;
use core::num::NonZeroUsize;

use super::encoder::{EncodeError, Encoder, length_of};
use super::error::Rule;
use super::event::{Decoder, Event, Lost, Tail};
use super::output::Output;
use super::streaming::{OpenMessage, StreamEncoder};
use crate::bytes;

/// A block of the greatest length: no zero byte stands behind its bytes.
const FULL: u8 = 0xff;
/// What the bytes of a full block, and its own, are.
const FULL_LENGTH: usize = 0xff;

/// Frames that end in a zero byte and have none in them; at most one byte in 254 is added. Frames of no bytes (a zero behind a
/// zero) are passed over.
///
/// ```
/// use wirenut::framing::{Cobs, Encoder};
/// let mut out = [0; 16];
/// let length = Cobs::new().encode(&[&[0x11, 0x22, 0, 0x33]], &mut out)?;
/// assert_eq!(out[..length], [0x03, 0x11, 0x22, 0x02, 0x33, 0x00]);
/// # Ok::<(), wirenut::framing::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cobs(State);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing of the frame has come.
    Start,
    /// Within a block of which so many bytes are missing; a zero stands behind it, unless it is the last one or full.
    Block { left: u8, is_full: bool },
}

impl Cobs {
    /// Between two frames.
    #[must_use]
    pub const fn new() -> Self {
        Self(State::Start)
    }
}

impl Default for Cobs {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for Cobs {
    type Error = Infallible;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        let mut used: usize = 0;
        loop {
            let rest = bytes::from(input, used);
            let Some(byte) = rest.first().copied() else {
                let missing = match self.0 {
                    State::Start => None,
                    State::Block { left, .. } => NonZeroUsize::new(usize::from(left).saturating_add(1)),
                };
                return Ok((used, Event::NeedMore(missing)));
            };
            match (self.0, byte) {
                (State::Block { left, is_full }, 1..) if left > 0 => {
                    let block = rest.get(..usize::from(left)).unwrap_or(rest);
                    let length = bytes::position(block, 0).unwrap_or(block.len());
                    let piece = block.get(..length).unwrap_or(block);
                    let left = left.saturating_sub(u8::try_from(length).unwrap_or(left));
                    self.0 = State::Block { left, is_full };
                    return Ok((used.saturating_add(length), Event::Piece(piece)));
                }
                (before, code @ 1..) => {
                    used = used.saturating_add(1);
                    self.0 = State::Block { left: code.saturating_sub(1), is_full: code == FULL };
                    if matches!(before, State::Block { is_full: false, .. }) {
                        return Ok((used, Event::Piece(&[0])));
                    }
                }
                (before, 0) => {
                    used = used.saturating_add(1);
                    self.0 = State::Start;
                    match before {
                        State::Start => {}
                        State::Block { left: 0, .. } => return Ok((used, Event::End)),
                        State::Block { .. } => return Ok((used, Event::Void(Rule::InvalidBlock))),
                    }
                }
            }
        }
    }

    fn is_within(&self) -> bool {
        self.0 != State::Start
    }

    fn handle_eof(&mut self) -> Tail {
        let state = core::mem::replace(&mut self.0, State::Start);
        if state == State::Start { Tail::Nothing } else { Tail::Void(Rule::Truncated) }
    }
}

impl Encoder for Cobs {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        let blocks = length.checked_div(FULL_LENGTH.saturating_sub(1))?.checked_add(1)?;
        length.checked_add(blocks)?.checked_add(1)
    }

    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut left = length_of(message)?;
        let mut output = Output::new(out);
        let mut code_at = 0;
        output.put(&[0])?;
        for piece in message {
            let mut rest = *piece;
            while !rest.is_empty() {
                let room = FULL_LENGTH.saturating_sub(output.written().saturating_sub(code_at));
                let front = rest.get(..room).unwrap_or(rest);
                let zero = bytes::position(front, 0);
                let run = zero.and_then(|at| front.get(..at)).unwrap_or(front);
                output.put(run)?;
                let used = run.len().saturating_add(usize::from(zero.is_some()));
                (rest, left) = (bytes::from(rest, used), left.saturating_sub(used));
                let length = output.written().saturating_sub(code_at);
                // The last block ends with the message, also where it is full.
                if zero.is_some() || (length == FULL_LENGTH && left > 0) {
                    output.set(code_at, u8::try_from(length).unwrap_or(FULL))?;
                    code_at = output.written();
                    output.put(&[0])?;
                }
            }
        }
        let length = output.written().saturating_sub(code_at);
        output.set(code_at, u8::try_from(length).unwrap_or(FULL))?;
        output.put(&[0])?;
        Ok(output.written())
    }
}

/// A block must follow, also if the message ends: it has not begun, or a zero stands before.
const OWES_BLOCK: u8 = 1;

impl StreamEncoder for Cobs {
    /// A block, and the zero byte behind the last one.
    const MIN_ROOM: usize = FULL_LENGTH + 1;

    fn begin(&self, _: Option<usize>, _: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        Ok((OpenMessage { left: 0, note: OWES_BLOCK }, 0))
    }

    /// Takes whole blocks.
    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        let (mut taken, mut output) = (0_usize, Output::new(out));
        loop {
            let rest = bytes::from(piece, taken);
            let front = rest.get(..FULL_LENGTH.saturating_sub(1)).unwrap_or(rest);
            let (block, used, note) = match bytes::position(front, 0) {
                Some(length) => (front.get(..length).unwrap_or_default(), length.saturating_add(1), OWES_BLOCK),
                // It is known not to be the last one.
                None if rest.len() > front.len() => (front, front.len(), 0),
                None => break,
            };
            if put_block(block, &mut output).is_err() {
                break;
            }
            taken = taken.saturating_add(used);
            message.note = note;
        }
        Ok((taken, output.written()))
    }

    fn finish(&self, mut message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        let (taken, written) = self.write(&mut message, last, out)?;
        let rest = bytes::from(last, taken);
        if rest.len() >= FULL_LENGTH {
            return Err(EncodeError::NoRoom);
        }
        let mut output = Output::new(out.get_mut(written..).unwrap_or_default());
        if !rest.is_empty() || message.note == OWES_BLOCK {
            put_block(rest, &mut output)?;
        }
        output.put(&[0])?;
        Ok(written.saturating_add(output.written()))
    }
}

/// Writes a block of up to 254 bytes, or nothing of it.
fn put_block(block: &[u8], output: &mut Output<'_>) -> Result<(), EncodeError> {
    let code = u8::try_from(block.len().saturating_add(1)).unwrap_or(FULL);
    output.put_both(&[code], block)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::{frames, skipped};

    #[test]
    fn blocks_are_as_the_paper_has_them() {
        for (encoded, message) in [
            (&b"\x01\0"[..], &b""[..]),
            (b"\x01\x01\0", b"\0"),
            (b"\x01\x01\x01\0", b"\0\0"),
            (b"\x03\x11\x22\x02\x33\0", b"\x11\x22\0\x33"),
            (b"\x05\x11\x22\x33\x44\0", b"\x11\x22\x33\x44"),
            (b"\x02\x11\x01\x01\x01\0", b"\x11\0\0\0"),
        ] {
            assert_eq!(frames(Cobs::new(), encoded), [message]);
            let mut out = [0; 16];
            let length = Cobs::new().encode(&[message], &mut out).unwrap();
            assert_eq!(&out[..length], encoded);
        }
    }

    #[test]
    fn full_blocks_have_no_zero_behind_them() {
        for length in [253, 254, 255, 508, 509] {
            let message = std::vec![7; length];
            let mut out = [0; 600];
            let written = Cobs::new().encode(&[&message], &mut out).unwrap();
            assert!(Some(written) <= Cobs::new().max_encoded_len(length), "{length}");
            assert_eq!(frames(Cobs::new(), &out[..written]), [&message[..]], "{length}");
        }
    }

    #[test]
    fn a_block_that_is_cut_costs_its_frame() {
        assert_eq!(frames(Cobs::new(), b"\0\x05ab\0\x02c\0"), [b"c"]);
        assert_eq!(skipped(Cobs::new(), b"\x05ab\0\x02c\0"), [(Rule::InvalidBlock, 0, 4)]);
    }
}
