//! What lists and dictionaries hold: items and inner lists (RFC 9651 §3.1.1, §4.2.1.1, §4.2.1.2).

use super::bare_item::BareItem;
use super::cursor::Cursor;
use super::item::{Item, Parameters};
use crate::bytes::SP;
use crate::http::value::error::{ValueError, ValueRule};

/// A member of a list, or a value of a dictionary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member<'b> {
    /// A single value.
    Item(Item<'b>),
    /// Several values.
    InnerList(InnerList<'b>),
}

impl<'b> Member<'b> {
    /// The value, if it is a single one.
    ///
    /// ```
    /// use wirenut::http::structured::Dictionary;
    /// let priority = Dictionary::parse(b"u=2, i")?;
    /// let urgency = priority.get("u").and_then(|member| member.value()?.integer());
    /// assert_eq!(urgency, Some(2));
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    #[must_use]
    pub const fn value(self) -> Option<BareItem<'b>> {
        if let Self::Item(item) = self { Some(item.value) } else { None }
    }

    /// The inner list, if it is one.
    #[must_use]
    pub const fn inner_list(self) -> Option<InnerList<'b>> {
        if let Self::InnerList(list) = self { Some(list) } else { None }
    }

    /// What is said of it.
    #[must_use]
    pub const fn parameters(self) -> Parameters<'b> {
        match self {
            Self::Item(item) => item.parameters,
            Self::InnerList(list) => list.parameters,
        }
    }
}

/// A list within a list or a dictionary: items, where they came in, and what is said of all of them.
///
/// ```
/// use wirenut::http::structured::List;
/// let accepted = List::parse(b"(a b);q=1, (c)")?;
/// let first = accepted.into_iter().next().unwrap().inner_list().unwrap();
/// assert!(first.into_iter().map(|item| item.value.token()).eq([Some("a"), Some("b")]));
/// assert_eq!(first.parameters.get("q").and_then(|q| q.integer()), Some(1));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InnerList<'b> {
    /// What stands between the parentheses.
    inside: &'b str,
    /// What is said of all.
    pub parameters: Parameters<'b>,
}

impl<'b> IntoIterator for InnerList<'b> {
    type Item = Item<'b>;
    type IntoIter = InnerListIter<'b>;

    fn into_iter(self) -> InnerListIter<'b> {
        InnerListIter(Cursor::new(self.inside))
    }
}

/// Goes through an [`InnerList`] in order.
#[derive(Clone, Debug)]
pub struct InnerListIter<'b>(Cursor<'b>);

impl<'b> Iterator for InnerListIter<'b> {
    type Item = Item<'b>;

    fn next(&mut self) -> Option<Item<'b>> {
        self.0.skip_spaces();
        // At the end there is no item.
        self.0.item().ok()
    }
}

impl<'b> Cursor<'b> {
    /// RFC 9651 §4.2.1.1.
    #[inline]
    pub(super) fn member(&mut self) -> Result<Member<'b>, ValueError> {
        if self.peek() == Some(b'(') { self.inner_list().map(Member::InnerList) } else { self.item().map(Member::Item) }
    }

    /// The key, and its value: true, if there is none (RFC 9651 §4.2.2).
    #[inline]
    pub(super) fn entry(&mut self) -> Result<(&'b str, Member<'b>), ValueError> {
        let key = self.key()?;
        let member = if self.takes(b'=') {
            self.member()?
        } else {
            Member::Item(Item { value: BareItem::Boolean(true), parameters: self.parameters()? })
        };
        Ok((key, member))
    }

    /// Takes a member of a text that was checked, up to the comma behind it. Of its parameters nothing is read.
    #[inline]
    pub(super) fn checked_member(&mut self) -> Option<Member<'b>> {
        if self.takes(b'(') {
            let inside = self.take_until(b')');
            self.take(1);
            return Some(Member::InnerList(InnerList { inside, parameters: self.checked_parameters() }));
        }
        let value = self.bare_item().ok()?;
        Some(Member::Item(Item { value, parameters: self.checked_parameters() }))
    }

    /// As [`Self::checked_member`], with its key.
    #[inline]
    pub(super) fn checked_entry(&mut self) -> Option<(&'b str, Member<'b>)> {
        let key = self.key().ok()?;
        let member = if self.takes(b'=') {
            self.checked_member()?
        } else {
            Member::Item(Item { value: BareItem::Boolean(true), parameters: self.checked_parameters() })
        };
        Some((key, member))
    }

    #[inline(always)]
    fn checked_parameters(&mut self) -> Parameters<'b> {
        Parameters::checked(self.take_until(b','))
    }

    /// RFC 9651 §4.2.1.2.
    fn inner_list(&mut self) -> Result<InnerList<'b>, ValueError> {
        self.take(1);
        let start = *self;
        loop {
            self.skip_spaces();
            match self.peek() {
                Some(b')') => break,
                Some(_) => self.item()?,
                None => return Err(self.error(ValueRule::InvalidInnerList)),
            };
            if !matches!(self.peek(), Some(SP | b')')) {
                return Err(self.error(ValueRule::InvalidInnerList));
            }
        }
        let inside = self.since(start);
        self.take(1);
        Ok(InnerList { inside, parameters: self.parameters()? })
    }
}

/// Reads all members of a line.
#[inline]
pub(super) fn check<'b, T>(
    cursor: &mut Cursor<'b>,
    member: impl Fn(&mut Cursor<'b>) -> Result<T, ValueError>,
) -> Result<(), ValueError> {
    if cursor.is_at_end() {
        return Ok(());
    }
    loop {
        member(cursor)?;
        if !cursor.skip_comma()? {
            return Ok(());
        }
    }
}
