//! A length, and behind it the message.

use super::field::LengthField;
use super::layout::{ByteOrder, InvalidLayout, MAX_WIDTH, Width};
use crate::framing::encoder::{EncodeError, Encoder};
use crate::framing::error::Rule;
use crate::framing::event::{Decoder, Event, Lost, Tail};
use crate::framing::output::Output;
use crate::framing::streaming::{self, OpenMessage, StreamEncoder};

/// Messages with their length directly in front. See [`LengthField`] for lengths within a header, or that count something else.
///
/// ```
/// use wirenut::framing::{ByteOrder, Encoder, LengthPrefixed, Width};
/// let framing = LengthPrefixed::new(Width::U16, ByteOrder::BigEndian, 1_000)?;
/// let mut out = [0; 8];
/// let length = framing.encode(&[b"abc"], &mut out)?;
/// assert_eq!(out[..length], [0, 3, b'a', b'b', b'c']);
/// assert!(LengthPrefixed::new(Width::U8, ByteOrder::BigEndian, 1_000).is_err(), "a byte cannot say that");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LengthPrefixed(LengthField);

impl LengthPrefixed {
    /// Messages of at most `limit` bytes.
    ///
    /// # Errors
    /// [`InvalidLayout::LimitTooLarge`]: the length cannot say the limit.
    pub const fn new(width: Width, order: ByteOrder, limit: u32) -> Result<Self, InvalidLayout> {
        match LengthField::new(width, order, limit) {
            Ok(layout) => Ok(Self(layout.stripped_of_all())),
            Err(error) => Err(error),
        }
    }
}

impl Decoder for LengthPrefixed {
    type Error = Rule;

    fn decode<'b>(&mut self, input: &'b [u8]) -> Result<(usize, Event<'b>), Lost<Rule>> {
        self.0.decode(input)
    }

    fn is_within(&self) -> bool {
        self.0.is_within()
    }

    fn handle_eof(&mut self) -> Tail {
        self.0.handle_eof()
    }
}

impl Encoder for LengthPrefixed {
    fn max_encoded_len(&self, length: usize) -> Option<usize> {
        let is_sayable = u32::try_from(length).is_ok_and(|length| length <= self.0.limit());
        if is_sayable { length.checked_add(MAX_WIDTH) } else { None }
    }

    fn encode(&self, message: &[&[u8]], out: &mut [u8]) -> Result<usize, EncodeError> {
        self.0.encode_with_header(&[], message, out)
    }
}

impl StreamEncoder for LengthPrefixed {
    const MIN_ROOM: usize = MAX_WIDTH;

    fn begin(&self, length: Option<usize>, out: &mut [u8]) -> Result<(OpenMessage, usize), EncodeError> {
        let length = length.ok_or(EncodeError::WrongLength)?;
        let mut output = Output::new(out);
        self.0.put_header(&[], length, &mut output)?;
        Ok((OpenMessage { left: length, note: 0 }, output.written()))
    }

    fn write(&self, message: &mut OpenMessage, piece: &[u8], out: &mut [u8]) -> Result<(usize, usize), EncodeError> {
        streaming::write_counted(message, piece, out)
    }

    fn finish(&self, message: OpenMessage, last: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        streaming::finish_counted(message, last, &[], out)
    }
}
