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
            Self::One(value) => LinesIter { first: Some(value), others: Fields::EMPTY.into_iter(), name: "" },
            Self::All(fields, name) => LinesIter { first: None, others: fields.into_iter(), name },
        }
    }
}

/// Goes through [`Lines`].
#[derive(Clone, Debug)]
pub(crate) struct LinesIter<'b> {
    first: Option<&'b [u8]>,
    others: FieldIter<'b>,
    name: &'b str,
}

impl<'b> Iterator for LinesIter<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let name = self.name;
        self.first.take().or_else(|| self.others.find(|field| field.is(name)).map(|field| field.value))
    }
}
