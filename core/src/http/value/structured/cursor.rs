//! Where a parser of structured fields is (RFC 9651 §4.2): what it takes, and what it says of the byte that stops it.

use crate::bytes::{self, HTAB, SP};
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::find::find;

/// What is not read yet of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor<'b> {
    length: usize,
    rest: &'b str,
}

impl<'b> Cursor<'b> {
    pub(super) const fn new(text: &'b str) -> Self {
        Self { length: text.len(), rest: text }
    }

    /// Reads the whole of `value` by `parse`, with spaces around it. Gives what was read, and the text.
    #[inline]
    pub(super) fn read<T>(
        value: &'b [u8],
        parse: impl FnOnce(&mut Self) -> Result<T, ValueError>,
    ) -> Result<(T, &'b str), ValueError> {
        // Nothing beyond ASCII can stand anywhere, so the parser stops there, or at the latest before it.
        let text = match str::from_utf8(value) {
            Ok(text) => text,
            Err(error) => value.get(..error.valid_up_to()).and_then(|valid| str::from_utf8(valid).ok()).unwrap_or(""),
        };
        let mut cursor = Self::new(text);
        cursor.skip_spaces();
        let read = parse(&mut cursor)?;
        cursor.skip_spaces();
        let offset = cursor.offset();
        if offset == value.len() {
            Ok((read, text))
        } else {
            Err(ValueError::new(ValueRule::TrailingCharacters, offset))
        }
    }

    /// How much is read.
    pub(super) const fn offset(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    /// The byte that comes next breaks this rule, or there is none although there should be.
    #[cold]
    pub(super) const fn error(&self, rule: ValueRule) -> ValueError {
        ValueError::new(rule, self.offset())
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    pub(super) const fn rest(&self) -> &'b [u8] {
        self.rest.as_bytes()
    }

    /// Takes `count` bytes of ASCII, of which it is known that they come next.
    #[inline(always)]
    pub(super) fn take(&mut self, count: usize) -> &'b str {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes the bytes that are so.
    #[inline(always)]
    pub(super) fn take_while(&mut self, is_such: impl Fn(u8) -> bool) -> &'b str {
        let bytes = self.rest.as_bytes();
        self.take(bytes.iter().position(|byte| !is_such(*byte)).unwrap_or(bytes.len()))
    }

    /// Takes this byte, if it comes next.
    #[inline(always)]
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let comes_next = self.peek() == Some(byte);
        if comes_next {
            self.take(1);
        }
        comes_next
    }

    /// What was taken since `earlier`.
    #[inline(always)]
    pub(super) fn since(&self, earlier: Self) -> &'b str {
        earlier.rest.get(..earlier.rest.len().saturating_sub(self.rest.len())).unwrap_or("")
    }

    #[inline(always)]
    pub(super) fn skip_spaces(&mut self) {
        while self.takes(SP) {}
    }

    /// Goes to the next member of a list or dictionary, if there is one.
    #[inline(always)]
    pub(super) fn skip_comma(&mut self) -> Result<bool, ValueError> {
        self.skip_blanks();
        if self.is_at_end() {
            return Ok(false);
        }
        if !self.takes(b',') {
            return Err(self.error(ValueRule::MissingComma));
        }
        self.skip_blanks();
        if self.is_at_end() { Err(self.error(ValueRule::TrailingComma)) } else { Ok(true) }
    }

    fn skip_blanks(&mut self) {
        while let Some(SP | HTAB) = self.peek() {
            self.take(1);
        }
    }

    /// Takes what comes before the next `end` that is not within quotes, of a text that was checked: there
    /// is no quote but those around a string, and in a string none that is not escaped.
    #[inline]
    pub(super) fn take_until(&mut self, end: u8) -> &'b str {
        let start = *self;
        loop {
            let before = self.take(find(self.rest(), [b'"', end]));
            if !self.takes(b'"') {
                return self.since(start);
            }
            // Display strings have no escapes.
            if before.ends_with('%') {
                self.take(find(self.rest(), [b'"']));
            } else {
                while self.skip_to_quote() == Some(b'\\') {
                    self.take(2);
                }
            }
            self.take(1);
        }
    }

    /// Goes to the next quote or backslash, and says which it is.
    fn skip_to_quote(&mut self) -> Option<u8> {
        self.take(find(self.rest(), [b'"', b'\\']));
        self.peek()
    }

    /// RFC 9651 §4.2.3.3.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<&'b str, ValueError> {
        match self.peek() {
            Some(b'a'..=b'z' | b'*') => Ok(self.take_while(is_key_byte)),
            _ => Err(self.error(ValueRule::InvalidKey)),
        }
    }
}

const fn is_key_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')
}

/// The first byte at which `text` stops being a key.
pub(super) fn check_key(text: &str) -> Result<(), ValueError> {
    let mut cursor = Cursor::new(text);
    cursor.key()?;
    if cursor.is_at_end() { Ok(()) } else { Err(cursor.error(ValueRule::InvalidKey)) }
}

/// What a token of structured fields has behind its first letter (RFC 9651 §3.3.4).
pub(super) fn is_token_byte(byte: u8) -> bool {
    bytes::has_class(byte, bytes::TOKEN) || byte == b':' || byte == b'/'
}
