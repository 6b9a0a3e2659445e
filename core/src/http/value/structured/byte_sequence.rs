//! Byte sequences (RFC 9651 §3.3.5, §4.2.7): base64 between colons.

use super::cursor::Cursor;
use crate::http::message::response::Writer;
use crate::http::value::base64::{self, NONE, digit, group, padded};
use crate::http::value::error::{ValueError, ValueRule};

/// Any bytes, in base64 as they came, or plain as they were given to be written.
///
/// Missing padding and bits that stand for nothing are no error, as RFC 9651 §4.2.7 recommends.
///
/// ```
/// use wirenut::http::structured::Item;
/// let digest = Item::parse(b":aGVsbG8=:")?.value.byte_sequence().unwrap();
/// let mut room = [0; 8];
/// assert_eq!(digest.decode(&mut room), Ok(&b"hello"[..]));
/// assert_eq!(digest.length(), 5);
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ByteSequence<'b>(Form<'b>);

#[derive(Clone, Copy, Debug)]
enum Form<'b> {
    Plain(&'b [u8]),
    /// Without its padding.
    Base64(&'b str),
}

impl<'b> ByteSequence<'b> {
    /// Bytes to be written.
    #[must_use]
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self(Form::Plain(bytes))
    }

    /// How many bytes it is once it is decoded.
    #[must_use]
    pub const fn length(self) -> usize {
        match self.0 {
            Form::Plain(bytes) => bytes.len(),
            Form::Base64(text) => base64::decoded_length(text.as_bytes()),
        }
    }

    /// The bytes, one after the other.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        let (plain, base64) = match self.0 {
            Form::Plain(bytes) => (bytes, ""),
            Form::Base64(text) => (&[][..], text),
        };
        let groups = base64.as_bytes().chunks(4).flat_map(|digits| {
            let [first, second, third, _] = group(padded(digits)).to_be_bytes();
            [first, second, third].into_iter().take(digits.len().saturating_sub(1))
        });
        plain.iter().copied().chain(groups)
    }

    /// The bytes, in `room` where they came in base64; otherwise `room` is not touched. On failure its content is
    /// undefined.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `room`, if that is less than [`Self::length`].
    pub fn decode<'r>(self, room: &'r mut [u8]) -> Result<&'r [u8], ValueError>
    where
        'b: 'r,
    {
        let Form::Base64(text) = self.0 else {
            let Form::Plain(bytes) = self.0 else { return Ok(&[]) };
            return Ok(bytes);
        };
        let too_short = ValueError::new(ValueRule::BufferTooShort, room.len());
        let place = room.get_mut(..self.length()).ok_or(too_short)?;
        base64::fill(text.as_bytes(), place);
        Ok(place)
    }

    pub(super) fn read(cursor: &mut Cursor<'b>) -> Result<Self, ValueError> {
        cursor.take(1);
        let text = cursor.take_while(|byte| digit(byte) != NONE);
        // What is left of the last group of four.
        let padding = match text.len() % 4 {
            0 => 0,
            1 => return Err(cursor.error(ValueRule::InvalidByteSequence)),
            2 => 2,
            _ => 1,
        };
        if cursor.peek() == Some(b'=') {
            for _ in 0..padding {
                if !cursor.takes(b'=') {
                    return Err(cursor.error(ValueRule::InvalidByteSequence));
                }
            }
        }
        if cursor.takes(b':') {
            Ok(Self(Form::Base64(text)))
        } else {
            Err(cursor.error(ValueRule::InvalidByteSequence))
        }
    }

    pub(super) fn put(self, writer: &mut Writer<'_>) {
        writer.put(b":");
        base64::put(writer, self.bytes());
        writer.put(b":");
    }
}

/// They are the same bytes, however they are kept.
impl PartialEq for ByteSequence<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.length() == other.length() && self.bytes().eq(other.bytes())
    }
}

impl Eq for ByteSequence<'_> {}
