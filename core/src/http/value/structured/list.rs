//! Lists (RFC 9651 §3.1, §4.2.1) and dictionaries (§3.2, §4.2.2).

use super::cursor::Cursor;
use super::lines::{CheckedLines, Members};
use super::member::Member;
use crate::http::message::fields::Fields;
use crate::http::value::error::ValueError;

/// A field that is a list: all of it is checked before the first member is shown, and nothing is copied.
///
/// ```
/// use wirenut::http::structured::List;
/// let drinks = List::parse(b"tea, water;temperature=20, \"rum\"")?;
/// let tokens = drinks.into_iter().filter_map(|member| member.value()?.token());
/// assert!(tokens.eq(["tea", "water"]));
/// let error = List::parse(b"tea, ").unwrap_err();
/// assert_eq!(std::format!("{error}"), "comma without a member behind it at byte 5 (RFC 9651 4.2.1)");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List<'b>(CheckedLines<'b>);

impl<'b> List<'b> {
    /// Reads the value of a field that is a list, if it comes in one line. An empty one has no member.
    ///
    /// # Errors
    /// The rule that it breaks, with the offset of the byte; the whole field is to be ignored, then (RFC 9651 §4.2).
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        CheckedLines::parse(value, Cursor::member).map(Self)
    }

    /// Reads all fields of this name as one list; without any, an empty one.
    ///
    /// ```
    /// use wirenut::http::{Fields, structured::List};
    /// let fields = Fields::parse(b"Drinks: tea\r\nDrinks: water, rum\r\n").unwrap();
    /// assert_eq!(List::of(fields, "Drinks")?.into_iter().count(), 3);
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    ///
    /// # Errors
    /// The rule that they break, with the offset in their values, with two bytes for the comma between two of them. A
    /// string over two lines is an error, as RFC 9651 §4.2 allows.
    pub fn of(fields: Fields<'b>, name: &'b str) -> Result<Self, ValueError> {
        CheckedLines::of(fields, name, Cursor::member).map(Self)
    }

    /// Has it no member?
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.into_iter().next().is_none()
    }
}

impl<'b> IntoIterator for List<'b> {
    type Item = Member<'b>;
    type IntoIter = ListIter<'b>;

    fn into_iter(self) -> ListIter<'b> {
        ListIter(Members::new(self.0))
    }
}

/// Goes through a [`List`] in order.
#[derive(Clone, Debug)]
pub struct ListIter<'b>(Members<'b>);

impl<'b> Iterator for ListIter<'b> {
    type Item = Member<'b>;

    #[inline]
    fn next(&mut self) -> Option<Member<'b>> {
        self.0.next(Cursor::checked_member)
    }
}

/// A field that is a dictionary: all of it is checked before the first member is shown, and nothing is copied.
///
/// ```
/// use wirenut::http::structured::Dictionary;
/// let priority = Dictionary::parse(b"u=2, i")?;
/// assert_eq!(priority.get("i").and_then(|member| member.value()?.boolean()), Some(true));
/// assert!(priority.get("x").is_none());
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dictionary<'b>(CheckedLines<'b>);

impl<'b> Dictionary<'b> {
    /// Reads the value of a field that is a dictionary, if it comes in one line. An empty one has no member.
    ///
    /// # Errors
    /// The rule that it breaks, with the offset of the byte; the whole field is to be ignored, then (RFC 9651 §4.2).
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        CheckedLines::parse(value, Cursor::entry).map(Self)
    }

    /// Reads all fields of this name as one dictionary; without any, an empty one.
    ///
    /// # Errors
    /// As [`List::of`].
    pub fn of(fields: Fields<'b>, name: &'b str) -> Result<Self, ValueError> {
        CheckedLines::of(fields, name, Cursor::entry).map(Self)
    }

    /// The value of this key: the last one, if it comes several times (RFC 9651 §4.2.2).
    #[must_use]
    pub fn get(self, key: &str) -> Option<Member<'b>> {
        self.into_iter().filter(|(name, _)| *name == key).map(|(_, member)| member).last()
    }

    /// Has it no member?
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.into_iter().next().is_none()
    }
}

impl<'b> IntoIterator for Dictionary<'b> {
    type Item = (&'b str, Member<'b>);
    type IntoIter = DictionaryIter<'b>;

    fn into_iter(self) -> DictionaryIter<'b> {
        DictionaryIter(Members::new(self.0))
    }
}

/// Goes through a [`Dictionary`] in the order in which its members came. A key that comes several times is shown each
/// time: the last value counts.
#[derive(Clone, Debug)]
pub struct DictionaryIter<'b>(Members<'b>);

impl<'b> Iterator for DictionaryIter<'b> {
    type Item = (&'b str, Member<'b>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(Cursor::checked_entry)
    }
}
