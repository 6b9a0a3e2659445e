//! Where a parser of a value is: what it takes, and what it says of the byte that stops it.

use crate::bytes::{self, BLANK, FIELD_VALUE, HTAB, SP};
use crate::http::value::error::{ValueError, ValueRule};

/// A value, and what is not read of it yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scanner<'b> {
    length: usize,
    rest: &'b [u8],
}

impl<'b> Scanner<'b> {
    pub(super) const fn new(value: &'b [u8]) -> Self {
        Self { length: value.len(), rest: value }
    }

    /// How much is read.
    pub(super) const fn offset(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    /// The byte that comes next breaks this rule, or there is none although there should be.
    pub(super) const fn error(&self, rule: ValueRule) -> ValueError {
        ValueError::new(rule, self.offset())
    }

    pub(super) const fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes the next byte, if it is this one.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let Some(rest) = self.rest.strip_prefix(&[byte]) else { return false };
        self.rest = rest;
        true
    }

    /// Takes `count` bytes, or as many as there are.
    pub(super) fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    pub(super) fn take_while(&mut self, is_such: impl Fn(u8) -> bool) -> &'b [u8] {
        self.take(self.rest.iter().position(|byte| !is_such(*byte)).unwrap_or(self.rest.len()))
    }

    /// Takes the optional white space of RFC 9110 §5.6.3.
    pub(super) fn skip_blanks(&mut self) {
        while let [SP | HTAB, rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes the empty members of a list (RFC 9110 §5.6.1.2), and the comma before the next one.
    pub(super) fn skip_commas(&mut self) {
        self.take_while(|byte| byte == b',' || bytes::has_class(byte, BLANK));
    }

    /// Does a token come next?
    pub(super) fn is_at_token(&self) -> bool {
        self.peek().is_some_and(|byte| bytes::has_class(byte, bytes::TOKEN))
    }

    /// Takes a token (RFC 9110 §5.6.2).
    pub(super) fn token(&mut self, rule: ValueRule) -> Result<&'b str, ValueError> {
        let error = self.error(rule);
        // It is ASCII.
        str::from_utf8(self.token_bytes(rule)?).map_err(|_| error)
    }

    /// The same, as bytes.
    pub(super) fn token_bytes(&mut self, rule: ValueRule) -> Result<&'b [u8], ValueError> {
        let mut rest = self.rest.iter();
        let is_followed = bytes::next_outside(&mut rest, bytes::TOKEN).is_some();
        let behind = rest.len().saturating_add(usize::from(is_followed));
        match self.rest.len().saturating_sub(behind) {
            0 => Err(self.error(rule)),
            end => Ok(self.take(end)),
        }
    }

    /// Takes a quoted string (RFC 9110 §5.6.4), of which the opening quote comes next; gives what is between the quotes.
    pub(super) fn quoted_string(&mut self) -> Result<&'b [u8], ValueError> {
        self.take(1);
        let start = *self;
        loop {
            self.take_while(|byte| byte != b'"' && byte != b'\\' && bytes::has_class(byte, FIELD_VALUE));
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.take(1);
                    let is_pair = self.peek().is_some_and(|byte| bytes::has_class(byte, FIELD_VALUE));
                    if !is_pair {
                        return Err(self.error(ValueRule::InvalidQuotedString));
                    }
                    self.take(1);
                }
                _ => return Err(self.error(ValueRule::InvalidQuotedString)),
            }
        }
        let content = self.since(start);
        self.take(1);
        Ok(content)
    }

    /// What was taken since `earlier`.
    pub(super) fn since(&self, earlier: Self) -> &'b [u8] {
        earlier.rest.get(..earlier.rest.len().saturating_sub(self.rest.len())).unwrap_or(&[])
    }

    /// Nothing but blanks may come any more.
    pub(super) fn end(mut self) -> Result<(), ValueError> {
        self.skip_blanks();
        if self.is_at_end() { Ok(()) } else { Err(self.error(ValueRule::UnexpectedByte)) }
    }
}
