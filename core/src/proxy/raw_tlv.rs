//! Types, lengths and values, before anybody asks what they mean.

use super::error::{Error, Rule};

/// A type and a value that nobody has looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawTlv<'b> {
    pub(super) kind: u8,
    pub(super) value: &'b [u8],
    offset: usize,
}

impl<'b> RawTlv<'b> {
    /// Bytes before the value.
    pub(super) const HEAD: usize = 3;

    pub(super) const fn new(kind: u8, value: &'b [u8]) -> Self {
        Self { kind, value, offset: 0 }
    }

    /// Of the type, in the header.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    pub(super) const fn value_offset(&self) -> usize {
        self.offset.saturating_add(Self::HEAD)
    }

    /// The byte at this place of the value cannot stand there.
    pub(super) const fn invalid(&self, at: usize) -> Error {
        Error::new(Rule::InvalidTlvValue, self.value_offset().saturating_add(at))
    }

    /// The value cannot have its length.
    pub(super) const fn wrong_length(&self) -> Error {
        Error::new(Rule::InvalidTlvValue, self.offset.saturating_add(1))
    }

    pub(super) fn text(&self) -> Result<&'b str, Error> {
        str::from_utf8(self.value).map_err(|error| self.invalid(error.valid_up_to()))
    }

    /// Visible, and spaces: what goes into a log as it is.
    pub(super) fn ascii(&self) -> Result<&'b str, Error> {
        let wrong = self.value.iter().position(|byte| !matches!(byte, b' '..=b'~'));
        wrong.map_or_else(|| self.text(), |at| Err(self.invalid(at)))
    }
}

/// Bytes as types, lengths and values.
#[derive(Clone, Debug)]
pub(super) struct RawTlvs<'b> {
    rest: &'b [u8],
    offset: usize,
}

impl<'b> RawTlvs<'b> {
    /// `start` is the offset of the bytes in the header.
    pub(super) const fn new(bytes: &'b [u8], start: usize) -> Self {
        Self { rest: bytes, offset: start }
    }
}

impl<'b> Iterator for RawTlvs<'b> {
    type Item = Result<RawTlv<'b>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = core::mem::take(&mut self.rest);
        let tlv = rest.split_first_chunk().and_then(|(&[kind, high, low], rest)| {
            let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
            Some((RawTlv { kind, value, offset: self.offset }, rest))
        });
        let Some((tlv, rest)) = tlv else { return Some(Err(Error::new(Rule::InvalidTlvLength, self.offset))) };
        self.rest = rest;
        self.offset = tlv.value_offset().saturating_add(tlv.value.len());
        Some(Ok(tlv))
    }
}
