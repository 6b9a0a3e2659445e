//! Messages of one length.

use core::convert::Infallible;
use core::num::NonZeroUsize;

use super::encoder::{EncodeError, Encoder, length_of};
use super::error::Rule;
use super::event::{Decoder, Event, Lost, Tail};
use super::output::Output;
use super::streaming::{self, OpenMessage, StreamEncoder};

/// Messages that all have the same length. Nothing stands between them, so garbage is not seen.
///
/// ```
/// use core::num::NonZeroUsize;
/// use wirenut::framing::{Decoder, Event, Fixed};
/// let mut triples = Fixed::new(NonZeroUsize::new(3).unwrap());
/// assert_eq!(triples.decode(b"ab"), Ok((2, Event::Piece(b"ab"))));
/// assert_eq!(triples.decode(b""), Ok((0, Event::NeedMore(NonZeroUsize::new(1)))));
/// assert_eq!(triples.decode(b"cd"), Ok((1, Event::Piece(b"c"))));
/// assert_eq!(triples.decode(b"d"), Ok((0, Event::End)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fixed {
    length: NonZeroUsize,
    /// How many bytes of the message were given.
    given: usize,
}

impl Fixed {
    /// So many bytes each.
    #[must_use]
    pub const fn new(length: NonZeroUsize) -> Self {
        Self { length, given: 0 }
    }
}

impl Decoder for Fixed {
    type Error = Infallible;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Infallible>> {
        let left = self.length.get().saturating_sub(self.given);
        if left == 0 {
            self.given = 0;
            return Ok((0, Event::End));
        }
        let piece = input.get(..left).unwrap_or(input);
        if piece.is_empty() {
            return Ok((0, Event::NeedMore(NonZeroUsize::new(left))));
        }
        self.given = self.given.saturating_add(piece.len());
        Ok((piece.len(), Event::Piece(piece)))
    }

    fn is_within(&self) -> bool {
        self.given > 0
    }

    fn handle_eof(&mut self) -> Tail {
        if self.given == 0 { Tail::Nothing } else { Tail::Void(Rule::Truncated) }
    }
}

impl Encoder for Fixed {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        (length == self.length.get()).then_some(length)
    }

    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        if length_of(message)? != self.length.get() {
            return Err(EncodeError::WrongLength);
        }
        let mut output = Output::new(out);
        message.iter().try_for_each(|piece| output.put(piece))?;
        Ok(output.written())
    }
}

impl StreamEncoder for Fixed {
    const MIN_ROOM: usize = 1;

    fn begin(&self, length: Option<usize>, _: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        if length.is_some_and(|length| length != self.length.get()) {
            return Err(EncodeError::WrongLength);
        }
        Ok((OpenMessage { left: self.length.get(), note: 0 }, 0))
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        streaming::write_counted(message, piece, out)
    }

    fn finish(&self, message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        streaming::finish_counted(message, last, &[], out)
    }
}
