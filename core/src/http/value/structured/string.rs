//! Strings (RFC 9651 §3.3.3, §4.2.5): printable ASCII, with `"` and `\` escaped.

use super::cursor::Cursor;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::find::string_end;

/// A string of printable ASCII, escaped as it came, or plain as it was given to be written.
///
/// ```
/// use wirenut::http::structured::{Item, SfString};
/// let title = Item::parse(br#""a \"b\"""#)?.value.string().unwrap();
/// assert!(title.is("a \"b\"") && title.as_str().is_none());
/// let mut room = [0; 8];
/// assert_eq!(title.decode(&mut room), Ok("a \"b\""));
/// assert_eq!(SfString::new("c").as_str(), Some("c"));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SfString<'b> {
    text: &'b str,
    is_escaped: bool,
}

impl<'b> SfString<'b> {
    /// A string to be written.
    #[must_use]
    pub const fn new(text: &'b str) -> Self {
        Self { text, is_escaped: false }
    }

    /// The string itself, if nothing in it is escaped.
    #[must_use]
    pub const fn as_str(self) -> Option<&'b str> {
        if self.is_escaped { None } else { Some(self.text) }
    }

    /// The characters, one after the other.
    pub fn chars(self) -> impl Iterator<Item = char> {
        let mut chars = self.text.chars();
        core::iter::from_fn(move || match chars.next() {
            Some('\\') if self.is_escaped => chars.next(),
            next => next,
        })
    }

    /// Is it this text?
    #[must_use]
    pub fn is(self, plain: &str) -> bool {
        match self.as_str() {
            Some(text) => text == plain,
            None => self.chars().eq(plain.chars()),
        }
    }

    /// The string, in `room` where something is escaped; otherwise `room` is not touched. On failure its content is
    /// undefined.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `room`.
    pub fn decode<'r>(self, room: &'r mut [u8]) -> Result<&'r str, ValueError>
    where
        'b: 'r,
    {
        if let Some(text) = self.as_str() {
            return Ok(text);
        }
        let too_short = ValueError::new(ValueRule::BufferTooShort, room.len());
        let mut places = room.iter_mut();
        let mut length = 0_usize;
        for character in self.chars() {
            *places.next().ok_or(too_short)? = u8::try_from(character).unwrap_or(b'?');
            length = length.saturating_add(1);
        }
        // It is ASCII: the parser has seen to that.
        room.get(..length).and_then(|decoded| str::from_utf8(decoded).ok()).ok_or(too_short)
    }

    pub(super) fn read(cursor: &mut Cursor<'b>) -> Result<Self, ValueError> {
        cursor.take(1);
        let start = *cursor;
        let mut is_escaped = false;
        loop {
            cursor.take(string_end(cursor.rest()));
            match cursor.rest() {
                [b'"', ..] => break,
                [b'\\', b'"' | b'\\', ..] => cursor.take(2),
                [b'\\', ..] => {
                    cursor.take(1);
                    return Err(cursor.error(ValueRule::InvalidString));
                }
                _ => return Err(cursor.error(ValueRule::InvalidString)),
            };
            is_escaped = true;
        }
        let text = cursor.since(start);
        cursor.take(1);
        Ok(Self { text, is_escaped })
    }

    /// What stands between the quotes, where it is escaped.
    pub(super) const fn as_escaped(self) -> Option<&'b str> {
        if self.is_escaped { Some(self.text) } else { None }
    }

    /// The first byte that is not printable ASCII.
    pub(super) fn check(self) -> Result<(), ValueError> {
        match self.text.bytes().position(|byte| !matches!(byte, 0x20..=0x7e)) {
            Some(at) => Err(ValueError::new(ValueRule::InvalidString, at)),
            None => Ok(()),
        }
    }
}

/// They are the same text, however it is kept.
impl PartialEq for SfString<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.chars().eq(other.chars())
    }
}

impl Eq for SfString<'_> {}
