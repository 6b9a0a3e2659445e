//! SLIP: RFC 1055.

use core::convert::Infallible;

use super::encoder::{EncodeError, Encoder};
use super::error::Rule;
use super::event::{Decoder, Event, Lost, Tail};
use super::streaming::{OpenMessage, StreamEncoder};
use super::stuffing::{self, Escapes, Stuffed};

const END: u8 = 0o300;
const ESC: u8 = 0o333;
const ESC_END: u8 = 0o334;
const ESC_ESC: u8 = 0o335;

/// Frames between END bytes, as serial lines have them: RFC 1055. Empty frames are passed over, so an END may stand in front of
/// a frame, too, and ends what noise has begun; it is written there.
///
/// Behind an ESC only ESC_END and ESC_ESC may stand: anything else voids the frame, where the code of RFC 1055 would pass it on.
/// The last frame needs its END.
///
/// ```
/// use wirenut::framing::{Encoder, Slip};
/// let mut out = [0; 16];
/// let length = Slip::new().encode(&[&[1, 0xc0, 2, 0xdb]], &mut out)?;
/// assert_eq!(out[..length], [0xc0, 1, 0xdb, 0xdc, 2, 0xdb, 0xdd, 0xc0]);
/// # Ok::<(), wirenut::framing::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slip(Stuffed);

impl Slip {
    /// Between two frames.
    #[must_use]
    pub const fn new() -> Self {
        Self(Stuffed::Start)
    }
}

impl Default for Slip {
    fn default() -> Self {
        Self::new()
    }
}

impl Escapes for Slip {
    const FLAG: u8 = END;
    const ESCAPE: u8 = ESC;

    fn meant(byte: u8) -> Result<u8, Rule> {
        match byte {
            ESC_END => Ok(END),
            ESC_ESC => Ok(ESC),
            _ => Err(Rule::InvalidEscape),
        }
    }
}

impl Decoder for Slip {
    type Error = Infallible;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        self.0.decode::<Self>(input)
    }

    fn is_within(&self) -> bool {
        self.0 != Stuffed::Start
    }

    fn handle_eof(&mut self) -> Tail {
        self.0.handle_eof()
    }
}

impl Encoder for Slip {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        stuffing::max_encoded_len(length)
    }

    /// An empty message is [`EncodeError::WrongLength`]: nobody would see it.
    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        stuffing::encode::<Self>(message, out, written_as)
    }
}

/// What stands behind an escape in place of a byte, if it is escaped.
const fn written_as(byte: u8) -> Option<u8> {
    match byte {
        END => Some(ESC_END),
        ESC => Some(ESC_ESC),
        _ => None,
    }
}

impl StreamEncoder for Slip {
    const MIN_ROOM: usize = 2;

    fn begin(&self, _: Option<usize>, out: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        stuffing::begin::<Self>(out)
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        Ok(stuffing::write::<Self>(message, piece, out, written_as))
    }

    /// An empty message is [`EncodeError::WrongLength`]: nobody would see it.
    fn finish(&self, message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        stuffing::finish::<Self>(message, last, out, written_as)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::{frames, skipped};

    #[test]
    fn what_is_wrong_costs_its_frame() {
        assert_eq!(frames(Slip::new(), b"\xc0\xc0a\xdb\xdc\xc0\xc0b\xc0"), [&b"a\xc0"[..], b"b"]);
        assert_eq!(frames(Slip::new(), b"a\xdbx\xdb\xdc\xc0b\xc0"), [b"b"]);
        assert_eq!(skipped(Slip::new(), b"ok\xc0a\xdbxy\xc0b\xc0"), [(Rule::InvalidEscape, 3, 5)]);
        // An escape directly before END: it ends the frame, and the next one is whole.
        assert_eq!(frames(Slip::new(), b"a\xdb\xc0b\xc0"), [b"b"]);
        assert_eq!(skipped(Slip::new(), b"a\xc0b"), [(Rule::Truncated, 2, 1)]);
    }
}
