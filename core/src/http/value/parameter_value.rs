//! The value of a parameter: a token or a quoted string (RFC 9110 §5.6.4, §5.6.6).

use super::scanner::Scanner;
use crate::bytes::{self, FIELD_VALUE};
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};

/// A token, or a quoted string that stays as it came until somebody asks for what it says.
///
/// ```
/// use wirenut::http::MediaType;
/// let media_type = MediaType::parse(b"text/plain; title=\"a \\\"b\\\"\"")?;
/// let title = media_type.parameters().get("title").unwrap();
/// let mut room = [0; 16];
/// assert_eq!(title.unescape(&mut room), Ok(&b"a \"b\""[..]));
/// assert!(title.is("a \"b\"") && title.as_raw() == b"a \\\"b\\\"");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ParameterValue<'b> {
    raw: &'b [u8],
    is_quoted: bool,
}

impl<'b> ParameterValue<'b> {
    /// The token, or what is between the quotes, with the backslashes that escape.
    #[must_use]
    pub const fn as_raw(self) -> &'b [u8] {
        self.raw
    }

    /// Was it between quotes?
    #[must_use]
    pub const fn is_quoted(self) -> bool {
        self.is_quoted
    }

    /// The bytes that it says, one after the other.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        let mut raw = self.raw.iter().copied();
        core::iter::from_fn(move || {
            let byte = raw.next()?;
            if self.is_quoted && byte == b'\\' { raw.next() } else { Some(byte) }
        })
    }

    /// What it says, if nothing in it is escaped and it is UTF-8.
    #[must_use]
    pub fn as_plain(self) -> Option<&'b str> {
        if self.is_escaped() { None } else { str::from_utf8(self.raw).ok() }
    }

    /// What it says. Where nothing is escaped these are the bytes themselves, and `room` is not touched, however short;
    /// otherwise they are laid into `room`. On failure the content of `room` is undefined.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `room`.
    pub fn unescape<'r>(self, room: &'r mut [u8]) -> Result<&'r [u8], ValueError>
    where
        'b: 'r,
    {
        if !self.is_escaped() {
            return Ok(self.raw);
        }
        let too_short = ValueError::new(ValueRule::BufferTooShort, room.len());
        let mut length = 0_usize;
        for byte in self.bytes() {
            *room.get_mut(length).ok_or(too_short)? = byte;
            length = length.saturating_add(1);
        }
        room.get(..length).ok_or(too_short)
    }

    /// As [`Self::unescape`], for text.
    ///
    /// # Errors
    /// Those of [`Self::unescape`]; [`ValueRule::InvalidUtf8`], with the offset in what it says.
    pub fn unescape_str<'r>(self, room: &'r mut [u8]) -> Result<&'r str, ValueError>
    where
        'b: 'r,
    {
        let text = str::from_utf8(self.unescape(room)?);
        text.map_err(|error| ValueError::new(ValueRule::InvalidUtf8, error.valid_up_to()))
    }

    /// Does it say the very bytes of `text`?
    #[must_use]
    pub fn is(self, text: impl AsRef<[u8]>) -> bool {
        self.bytes().eq(text.as_ref().iter().copied())
    }

    /// Does it say `text`, in any case of the letters of ASCII?
    #[must_use]
    pub fn is_ignoring_case(self, text: &str) -> bool {
        self.equals_ignoring_case(ParameterValue { raw: text.as_bytes(), is_quoted: false })
    }

    pub(super) fn equals_ignoring_case(self, other: ParameterValue<'_>) -> bool {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        self.bytes().map(lower).eq(other.bytes().map(lower))
    }

    fn is_escaped(self) -> bool {
        self.is_quoted && self.raw.contains(&b'\\')
    }

    /// Reads a token or a quoted string.
    pub(super) fn read(scanner: &mut Scanner<'b>) -> Result<Self, ValueError> {
        if scanner.peek() == Some(b'"') {
            return Ok(Self { raw: scanner.quoted_string()?, is_quoted: true });
        }
        Ok(Self { raw: scanner.token_bytes(ValueRule::InvalidParameter)?, is_quoted: false })
    }
}

/// They say the same, quoted or not.
impl PartialEq for ParameterValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for ParameterValue<'_> {}

/// Writes a token as it is, and anything else between quotes.
pub(super) fn put(writer: &mut Writer<'_>, value: &[u8]) {
    if bytes::is_token(value) { writer.put(value) } else { put_quoted(writer, value) }
}

/// Writes it between quotes, with what must be escaped.
pub(super) fn put_quoted(writer: &mut Writer<'_>, value: &[u8]) {
    writer.put(b"\"");
    for part in value.split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
        match part.split_last() {
            Some((last @ (b'"' | b'\\'), before)) => {
                writer.put(before);
                writer.put_pair([b'\\', *last]);
            }
            _ => writer.put(part),
        }
    }
    writer.put(b"\"");
}

/// May these stand in a quoted string? The first that may not is the error.
pub(super) fn check_quotable(value: &[u8]) -> Result<(), ValueError> {
    match value.iter().position(|byte| !bytes::has_class(*byte, FIELD_VALUE)) {
        Some(at) => Err(ValueError::new(ValueRule::InvalidQuotedString, at)),
        None => Ok(()),
    }
}

/// Is the whole of it a token? The first byte that is not of one is the error.
pub(super) fn check_token(token: &str, rule: ValueRule) -> Result<(), ValueError> {
    let mut scanner = Scanner::new(token.as_bytes());
    scanner.token(rule)?;
    if scanner.is_at_end() { Ok(()) } else { Err(scanner.error(rule)) }
}
