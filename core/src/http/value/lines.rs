//! The field lines that one value comes in: a single one, or all of a name.

use crate::http::message::fields::{FieldIter, Fields};

/// The values of one line or of several, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lines<'b> {
    /// One value that was cut out of its line.
    One(&'b [u8]),
    /// All fields of this name.
    All(Fields<'b>, &'b str),
}

impl<'b> IntoIterator for Lines<'b> {
    type Item = &'b [u8];
    type IntoIter = LinesIter<'b>;

    fn into_iter(self) -> LinesIter<'b> {
        match self {
            Self::One(value) => LinesIter { first: Some(value), others: None },
            Self::All(fields, name) => LinesIter { first: None, others: Some((fields.into_iter(), name)) },
        }
    }
}

/// Goes through [`Lines`].
#[derive(Clone, Debug)]
pub(crate) struct LinesIter<'b> {
    first: Option<&'b [u8]>,
    others: Option<(FieldIter<'b>, &'b str)>,
}

impl<'b> Iterator for LinesIter<'b> {
    type Item = &'b [u8];

    #[inline]
    fn next(&mut self) -> Option<&'b [u8]> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let (fields, name) = self.others.as_mut()?;
        fields.find(|field| field.is(name)).map(|field| field.value)
    }
}
