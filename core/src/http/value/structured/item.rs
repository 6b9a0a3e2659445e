//! Items and their parameters (RFC 9651 §3.3, §3.1.2, §4.2.3).

use super::bare_item::BareItem;
use super::cursor::Cursor;
use crate::http::message::fields::Fields;
use crate::http::value::error::{ValueError, ValueRule};

/// A value with its parameters.
///
/// ```
/// use wirenut::http::structured::Item;
/// let item = Item::parse(b"5; foo=bar")?;
/// assert_eq!(item.value.integer(), Some(5));
/// assert_eq!(item.parameters.get("foo").and_then(|foo| foo.token()), Some("bar"));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item<'b> {
    /// The value.
    pub value: BareItem<'b>,
    /// What is said of it.
    pub parameters: Parameters<'b>,
}

impl<'b> Item<'b> {
    /// Reads the value of a field that is one item.
    ///
    /// # Errors
    /// The rule that it breaks, with the offset of the byte; the field is to be ignored, then (RFC 9651 §4.2).
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        Ok(Cursor::read(value, Cursor::item)?.0)
    }

    /// Reads the field of this name; `None` if there is none.
    ///
    /// # Errors
    /// Those of [`Self::parse`]; [`ValueRule::DuplicateName`] if there are several.
    pub fn of(fields: Fields<'b>, name: &str) -> Result<Option<Self>, ValueError> {
        let mut values = fields.get_all(name);
        let Some(value) = values.next() else { return Ok(None) };
        match values.next() {
            Some(_) => Err(ValueError::new(ValueRule::DuplicateName, value.len())),
            None => Self::parse(value).map(Some),
        }
    }
}

/// What is said of an item or an inner list: values by keys, where they came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parameters<'b>(&'b str);

impl<'b> Parameters<'b> {
    /// Those that a text which was checked is, but for blanks behind them.
    #[inline]
    pub(super) fn checked(text: &'b str) -> Self {
        Self(text.trim_end_matches([' ', '\t']))
    }

    /// The value of this key: the last one, if it comes several times (RFC 9651 §4.2.3.2).
    #[must_use]
    pub fn get(self, key: &str) -> Option<BareItem<'b>> {
        self.into_iter().filter(|(name, _)| *name == key).map(|(_, value)| value).last()
    }

    /// Is nothing said?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'b> IntoIterator for Parameters<'b> {
    type Item = (&'b str, BareItem<'b>);
    type IntoIter = ParametersIter<'b>;

    fn into_iter(self) -> ParametersIter<'b> {
        ParametersIter(Cursor::new(self.0))
    }
}

/// Goes through [`Parameters`] in the order in which they came. A key that comes several times is shown each time: the
/// last value counts.
#[derive(Clone, Debug)]
pub struct ParametersIter<'b>(Cursor<'b>);

impl<'b> Iterator for ParametersIter<'b> {
    type Item = (&'b str, BareItem<'b>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.parameter().ok()?
    }
}

impl<'b> Cursor<'b> {
    /// RFC 9651 §4.2.3.
    #[inline]
    pub(super) fn item(&mut self) -> Result<Item<'b>, ValueError> {
        Ok(Item { value: self.bare_item()?, parameters: self.parameters()? })
    }

    /// RFC 9651 §4.2.3.2.
    #[inline]
    pub(super) fn parameters(&mut self) -> Result<Parameters<'b>, ValueError> {
        let start = *self;
        while self.parameter()?.is_some() {}
        Ok(Parameters(self.since(start)))
    }

    #[inline]
    fn parameter(&mut self) -> Result<Option<(&'b str, BareItem<'b>)>, ValueError> {
        if !self.takes(b';') {
            return Ok(None);
        }
        self.skip_spaces();
        let key = self.key()?;
        let value = if self.takes(b'=') { self.bare_item()? } else { BareItem::Boolean(true) };
        Ok(Some((key, value)))
    }
}
