//! HDLC-like framing with octet stuffing: RFC 1662 §4.

use core::convert::Infallible;

use super::encoder::{EncodeError, Encoder};
use super::error::Rule;
use super::event::{Decoder, Event, Lost, Tail};
use super::streaming::{OpenMessage, StreamEncoder};
use super::stuffing::{self, Escapes, Stuffed};

const FLAG: u8 = 0x7e;
const ESCAPE: u8 = 0x7d;
/// What an escaped byte is changed by.
const FLIP: u8 = 0x20;

/// Frames between flags, with octet stuffing: RFC 1662 §4.2. A flag may be shared by two frames; frames of no bytes are passed
/// over. An escape directly before a flag voids the frame: its sender has given it up (§4.3).
///
/// Address, control and protocol are the message's own affair. The frame check sequence is a [`Trailer`](super::Trailer):
/// [`Trailer::fcs_16`](super::Trailer::fcs_16).
///
/// ```
/// use wirenut::framing::{Frames, Hdlc, Item, Trailer};
/// let mut frames = Frames::new(Hdlc::new()).with_trailer(Trailer::fcs_16());
/// let (mut out, mut store) = ([0; 16], [0; 16]);
/// let length = frames.encode(b"\x7eA", &mut out).unwrap();
/// assert_eq!(&out[..4], b"\x7e\x7d\x5eA");
/// let (_, item) = frames.receive(&out[..length], &mut store)?;
/// assert_eq!(item, Item::Frame(b"\x7eA"));
/// # Ok::<(), wirenut::framing::FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hdlc {
    state: Stuffed,
    escapes_controls: bool,
}

impl Hdlc {
    /// Only flags and escapes are escaped when it writes.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: Stuffed::Start, escapes_controls: false }
    }

    /// The bytes below 0x20 are escaped as well, as PPP does it to begin with (RFC 1662 §7.1): for lines on which they mean
    /// something, such as XON and XOFF.
    #[must_use]
    pub const fn escaping_controls() -> Self {
        Self { state: Stuffed::Start, escapes_controls: true }
    }

    /// What stands behind an escape in place of a byte, if it is escaped.
    const fn written_as(&self, byte: u8) -> Option<u8> {
        let is_escaped = byte == FLAG || byte == ESCAPE || (self.escapes_controls && byte < FLIP);
        if is_escaped { Some(byte ^ FLIP) } else { None }
    }
}

impl Default for Hdlc {
    fn default() -> Self {
        Self::new()
    }
}

impl Escapes for Hdlc {
    const FLAG: u8 = FLAG;
    const ESCAPE: u8 = ESCAPE;

    fn meant(byte: u8) -> Result<u8, Rule> {
        if byte == FLAG { Err(Rule::Aborted) } else { Ok(byte ^ FLIP) }
    }
}

impl Decoder for Hdlc {
    type Error = Infallible;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        self.state.decode::<Self>(input)
    }

    fn is_within(&self) -> bool {
        self.state != Stuffed::Start
    }

    fn handle_eof(&mut self) -> Tail {
        self.state.handle_eof()
    }
}

impl Encoder for Hdlc {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        stuffing::max_encoded_len(length)
    }

    /// An empty message is [`EncodeError::WrongLength`]: nobody would see it.
    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        stuffing::encode::<Self>(message, out, |byte| self.written_as(byte))
    }
}

impl StreamEncoder for Hdlc {
    const MIN_ROOM: usize = 2;

    fn begin(&self, _: Option<usize>, out: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        stuffing::begin::<Self>(out)
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        Ok(stuffing::write::<Self>(message, piece, out, |byte| self.written_as(byte)))
    }

    /// An empty message is [`EncodeError::WrongLength`]: nobody would see it.
    fn finish(&self, message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        stuffing::finish::<Self>(message, last, out, |byte| self.written_as(byte))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::framing::testing::{frames, skipped};

    #[test]
    fn a_frame_is_given_up_by_an_escape_before_the_flag() {
        assert_eq!(frames(Hdlc::new(), b"~a}^~b}]}1~~c~"), [&b"a~"[..], b"b}\x11", b"c"]);
        assert_eq!(frames(Hdlc::new(), b"~a}~b~"), [b"b"]);
        assert_eq!(skipped(Hdlc::new(), b"~a}~b~"), [(Rule::Aborted, 0, 4)]);
    }

    #[test]
    fn controls_are_escaped_where_the_line_needs_it() {
        let mut out = [0; 16];
        let length = Hdlc::escaping_controls().encode(&[b"\x11a"], &mut out).unwrap();
        assert_eq!(&out[..length], b"~}1a~");
        assert_eq!(frames(Hdlc::new(), &out[..length]), [b"\x11a"]);
    }
}
