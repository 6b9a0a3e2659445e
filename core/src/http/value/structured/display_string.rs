//! Display strings (RFC 9651 §3.3.8, §4.2.10): text in Unicode, with bytes of UTF-8 percent-encoded.

use super::cursor::Cursor;
use crate::bytes;
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::percent::PercentEncoded;

/// Text in Unicode, encoded as it came, or plain as it was given to be written.
///
/// ```
/// use wirenut::http::structured::Item;
/// let name = Item::parse(br#"%"f%c3%bc%c3%bc""#)?.value.display_string().unwrap();
/// let mut room = [0; 8];
/// assert_eq!(name.decode(&mut room), Ok("füü"));
/// assert!(name.is("füü"));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DisplayString<'b>(Form<'b>);

#[derive(Clone, Copy, Debug)]
enum Form<'b> {
    Plain(&'b str),
    Encoded(&'b str),
}

impl<'b> DisplayString<'b> {
    /// Text to be written.
    #[must_use]
    pub const fn new(text: &'b str) -> Self {
        Self(Form::Plain(text))
    }

    /// The bytes of its UTF-8, one after the other.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        let (plain, encoded) = match self.0 {
            Form::Plain(text) => (text, ""),
            Form::Encoded(text) => ("", text),
        };
        // There is no error: the parser has looked at it.
        plain.bytes().chain(PercentEncoded::new(encoded.as_bytes()).bytes().flatten())
    }

    /// Is it this text?
    #[must_use]
    pub fn is(self, plain: &str) -> bool {
        self.bytes().eq(plain.bytes())
    }

    /// The text, in `room` where something is encoded; otherwise `room` is not touched. On failure its content is
    /// undefined.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`].
    pub fn decode<'r>(self, room: &'r mut [u8]) -> Result<&'r str, ValueError>
    where
        'b: 'r,
    {
        match self.0 {
            Form::Plain(text) => Ok(text),
            Form::Encoded(text) => PercentEncoded::new(text.as_bytes()).decode_str(room),
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'b>) -> Result<Self, ValueError> {
        cursor.take(1);
        if !cursor.takes(b'"') {
            return Err(cursor.error(ValueRule::InvalidDisplayString));
        }
        let start = *cursor;
        let mut character = Character::default();
        loop {
            match cursor.rest() {
                [b'"', ..] if character.is_whole() => break,
                [b'%', high, low, ..] if is_lower_hex(*high) && is_lower_hex(*low) => {
                    if !character.push(bytes::digit(*high) << 4 | bytes::digit(*low)) {
                        return Err(cursor.error(ValueRule::InvalidDisplayString));
                    }
                    cursor.take(3);
                }
                [b' '..=b'!' | b'#'..=b'$' | b'&'..=b'~', ..] if character.is_whole() => {
                    cursor.take_while(|byte| matches!(byte, b' '..=b'!' | b'#'..=b'$' | b'&'..=b'~'));
                }
                _ => return Err(cursor.error(ValueRule::InvalidDisplayString)),
            }
        }
        let text = cursor.since(start);
        cursor.take(1);
        Ok(Self(Form::Encoded(text)))
    }

    pub(super) fn put(self, writer: &mut Writer<'_>) {
        writer.put(b"%\"");
        for byte in self.bytes() {
            match byte {
                b'%' | b'"' | ..=0x1f | 0x7f.. => writer.put(&[b'%', lower_hex(byte >> 4), lower_hex(byte & 15)]),
                byte => writer.put(&[byte]),
            }
        }
        writer.put(b"\"");
    }
}

/// The bytes of a character of UTF-8 that came so far.
#[derive(Default)]
struct Character {
    bytes: [u8; 4],
    length: usize,
}

impl Character {
    const fn is_whole(&self) -> bool {
        self.length == 0
    }

    /// Adds a byte, if it can be one of this character.
    fn push(&mut self, byte: u8) -> bool {
        let Some(place) = self.bytes.get_mut(self.length) else { return false };
        *place = byte;
        self.length = self.length.saturating_add(1);
        match str::from_utf8(self.bytes.get(..self.length).unwrap_or(&[])) {
            Ok(_) => {
                self.length = 0;
                true
            }
            Err(error) => error.error_len().is_none(),
        }
    }
}

const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn lower_hex(value: u8) -> u8 {
    value.wrapping_add(if value < 10 { b'0' } else { b'a'.wrapping_sub(10) })
}

/// They are the same text, however it is kept.
impl PartialEq for DisplayString<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for DisplayString<'_> {}
