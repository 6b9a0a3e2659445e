//! The parameters of a field's value (RFC 9110 §5.6.6).

use super::text::{Escapes, Text};
use crate::bytes;

/// What is not a list of parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

/// Goes through `*( OWS ";" OWS [ token "=" ( token / quoted-string ) ] )`.
#[derive(Clone)]
pub(super) struct Parameters<'b> {
    rest: &'b [u8],
    /// How quoted strings are read.
    quoted: Escapes,
}

impl<'b> Parameters<'b> {
    /// A value is a word up to the first semicolon or white space, and parameters.
    pub(super) fn split(value: &'b [u8], quoted: Escapes) -> (&'b [u8], Self) {
        let end = value.iter().position(|byte| matches!(byte, b';' | b' ' | b'\t')).unwrap_or(value.len());
        let (word, rest) = value.split_at_checked(end).unwrap_or((value, &[]));
        (word, Self { rest, quoted })
    }

    fn parse(&mut self) -> Result<Option<(&'b [u8], Text<'b>)>, Malformed> {
        loop {
            let rest = bytes::trim(self.rest);
            let Some((b';', rest)) = rest.split_first().map(|(first, rest)| (*first, rest)) else {
                self.rest = &[];
                return if rest.is_empty() { Ok(None) } else { Err(Malformed) };
            };
            let rest = bytes::trim(rest);
            // Empty parameters are allowed.
            if rest.is_empty() || rest.starts_with(b";") {
                self.rest = rest;
                continue;
            }
            let (name, rest) = rest.split_at_checked(bytes::token_end(rest, 0)).ok_or(Malformed)?;
            let rest = rest.strip_prefix(b"=").filter(|_| !name.is_empty()).ok_or(Malformed)?;
            let (text, rest) = self.value(rest).ok_or(Malformed)?;
            self.rest = rest;
            return Ok(Some((name, text)));
        }
    }

    fn value(&self, rest: &'b [u8]) -> Option<(Text<'b>, &'b [u8])> {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let (raw, rest) = quoted.split_at_checked(self.quote(quoted)?)?;
            return Some((Text { raw, escapes: self.quoted }, rest.get(1..)?));
        }
        let (raw, rest) = rest.split_at_checked(bytes::token_end(rest, 0))?;
        (!raw.is_empty()).then_some((Text { raw, escapes: Escapes::None }, rest))
    }

    /// Where the quoted string ends that begins here.
    fn quote(&self, quoted: &[u8]) -> Option<usize> {
        let mut is_escaped = false;
        quoted.iter().position(|&byte| {
            let is_quote = byte == b'"' && !is_escaped;
            is_escaped = self.quoted == Escapes::Backslash && byte == b'\\' && !is_escaped;
            is_quote
        })
    }
}

impl<'b> Iterator for Parameters<'b> {
    type Item = Result<(&'b [u8], Text<'b>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.parse().transpose().inspect(|parsed| {
            if parsed.is_err() {
                self.rest = &[];
            }
        })
    }
}
