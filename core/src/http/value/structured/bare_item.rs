//! Bare items (RFC 9651 §3.3, §4.2.3.1): the eight types of values.

use super::byte_sequence::ByteSequence;
use super::cursor::{Cursor, is_token_byte};
use super::decimal::Decimal;
use super::display_string::DisplayString;
use super::string::SfString;
use crate::http::value::error::{ValueError, ValueRule};

/// A value without parameters.
///
/// ```
/// use wirenut::http::structured::{BareItem, Item};
/// assert_eq!(Item::parse(b"gzip")?.value, BareItem::Token("gzip"));
/// assert_eq!(Item::parse(b"\"gzip\"")?.value, BareItem::from("gzip"));
/// assert_eq!(Item::parse(b"-7")?.value, BareItem::from(-7));
/// assert_eq!(Item::parse(b"?1")?.value.boolean(), Some(true));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BareItem<'b> {
    /// A number of up to 15 digits, with a sign.
    Integer(i64),
    /// A number of up to 12 digits, and up to three behind the point.
    Decimal(Decimal),
    /// Printable ASCII.
    String(SfString<'b>),
    /// A word: a letter or `*`, and then what tokens hold, `:` and `/`.
    Token(&'b str),
    /// Any bytes.
    ByteSequence(ByteSequence<'b>),
    /// True or false.
    Boolean(bool),
    /// Seconds since 1970-01-01 00:00:00 UTC, without leap seconds; negative before.
    Date(i64),
    /// Text in Unicode.
    DisplayString(DisplayString<'b>),
}

impl<'b> BareItem<'b> {
    /// The number, if it is an integer.
    #[must_use]
    pub const fn integer(self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(value) } else { None }
    }

    /// The number, if it is a decimal.
    #[must_use]
    pub const fn decimal(self) -> Option<Decimal> {
        if let Self::Decimal(value) = self { Some(value) } else { None }
    }

    /// The string, if it is one.
    #[must_use]
    pub const fn string(self) -> Option<SfString<'b>> {
        if let Self::String(value) = self { Some(value) } else { None }
    }

    /// The token, if it is one.
    #[must_use]
    pub const fn token(self) -> Option<&'b str> {
        if let Self::Token(value) = self { Some(value) } else { None }
    }

    /// The byte sequence, if it is one.
    #[must_use]
    pub const fn byte_sequence(self) -> Option<ByteSequence<'b>> {
        if let Self::ByteSequence(value) = self { Some(value) } else { None }
    }

    /// True or false, if it is a boolean.
    #[must_use]
    pub const fn boolean(self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(value) } else { None }
    }

    /// The seconds, if it is a date.
    #[must_use]
    pub const fn date(self) -> Option<i64> {
        if let Self::Date(value) = self { Some(value) } else { None }
    }

    /// The display string, if it is one.
    #[must_use]
    pub const fn display_string(self) -> Option<DisplayString<'b>> {
        if let Self::DisplayString(value) = self { Some(value) } else { None }
    }
}

impl From<i64> for BareItem<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for BareItem<'_> {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u32> for BareItem<'_> {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<bool> for BareItem<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<Decimal> for BareItem<'_> {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

/// A string: for a token, name [`BareItem::Token`].
impl<'b> From<&'b str> for BareItem<'b> {
    fn from(value: &'b str) -> Self {
        Self::String(SfString::new(value))
    }
}

/// A byte sequence.
impl<'b> From<&'b [u8]> for BareItem<'b> {
    fn from(value: &'b [u8]) -> Self {
        Self::ByteSequence(ByteSequence::new(value))
    }
}

impl<'b> Cursor<'b> {
    /// RFC 9651 §4.2.3.1.
    #[inline]
    pub(super) fn bare_item(&mut self) -> Result<BareItem<'b>, ValueError> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => SfString::read(self).map(BareItem::String),
            Some(b'*' | b'a'..=b'z' | b'A'..=b'Z') => Ok(BareItem::Token(self.take_while(is_token_byte))),
            Some(b':') => ByteSequence::read(self).map(BareItem::ByteSequence),
            Some(b'?') => self.boolean(),
            Some(b'@') => self.date(),
            Some(b'%') => DisplayString::read(self).map(BareItem::DisplayString),
            _ => Err(self.error(ValueRule::InvalidBareItem)),
        }
    }

    /// RFC 9651 §4.2.8.
    fn boolean(&mut self) -> Result<BareItem<'b>, ValueError> {
        self.take(1);
        match self.peek() {
            Some(digit @ (b'0' | b'1')) => {
                self.take(1);
                Ok(BareItem::Boolean(digit == b'1'))
            }
            _ => Err(self.error(ValueRule::InvalidBoolean)),
        }
    }

    /// RFC 9651 §4.2.9.
    fn date(&mut self) -> Result<BareItem<'b>, ValueError> {
        self.take(1);
        let is_negative = self.takes(b'-');
        let (seconds, _) = self.digits(0, 15)?;
        if self.peek() == Some(b'.') {
            return Err(self.error(ValueRule::InvalidStructuredDate));
        }
        Ok(BareItem::Date(if is_negative { seconds.wrapping_neg() } else { seconds }))
    }

    /// RFC 9651 §4.2.4.
    fn number(&mut self) -> Result<BareItem<'b>, ValueError> {
        let is_negative = self.takes(b'-');
        let (whole, length) = self.digits(0, 15)?;
        let sign = |number: i64| if is_negative { number.wrapping_neg() } else { number };
        if self.peek() != Some(b'.') {
            return Ok(BareItem::Integer(sign(whole)));
        }
        if length > 12 {
            return Err(self.error(ValueRule::InvalidNumber));
        }
        self.take(1);
        let (number, length) = self.digits(whole, 3)?;
        // Twelve digits and three: nothing overflows.
        let scale = [1_000, 100, 10, 1].get(length).copied().unwrap_or(1);
        Ok(BareItem::Decimal(Decimal::new(sign(number.wrapping_mul(scale)))))
    }

    /// Appends digits to a number: at least one, and at most `most`. Says how many.
    fn digits(&mut self, mut number: i64, most: usize) -> Result<(i64, usize), ValueError> {
        let mut length = 0_usize;
        for digit in self.rest() {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 || length > most {
                break;
            }
            length = length.wrapping_add(1);
            // Sixteen digits at most: nothing overflows.
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
        }
        self.take(length.min(most));
        if length == 0 || length > most { Err(self.error(ValueRule::InvalidNumber)) } else { Ok((number, length)) }
    }
}
