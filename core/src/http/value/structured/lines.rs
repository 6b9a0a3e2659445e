//! The lines of a list or a dictionary, which count as one with commas between them (RFC 9651 §4.2).

use super::cursor::Cursor;
use super::member::check;
use crate::bytes::SP;
use crate::http::message::fields::{FieldIter, Fields};
use crate::http::value::error::{ValueError, ValueRule};

/// Lines of which all members were read once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CheckedLines<'b> {
    One(&'b str),
    /// All fields of this name.
    All(Fields<'b>, &'b str),
}

impl<'b> CheckedLines<'b> {
    /// One line.
    #[inline]
    pub(super) fn parse<T>(
        value: &'b [u8],
        member: impl Fn(&mut Cursor<'b>) -> Result<T, ValueError>,
    ) -> Result<Self, ValueError> {
        let ((), text) = Cursor::read(value, |cursor| check(cursor, member))?;
        Ok(Self::One(text))
    }

    /// All fields of this name.
    pub(super) fn of<T>(
        fields: Fields<'b>,
        name: &'b str,
        member: impl Fn(&mut Cursor<'b>) -> Result<T, ValueError>,
    ) -> Result<Self, ValueError> {
        let (mut start, mut is_first, mut is_empty) = (0_usize, true, false);
        for line in fields.get_all(name) {
            let is_blank = line.iter().all(|byte| *byte == SP);
            // A comma with nothing before or behind it.
            if !is_first && (is_blank || is_empty) {
                let offset = if is_empty { 0 } else { start };
                return Err(ValueError::new(ValueRule::InvalidBareItem, offset));
            }
            Cursor::read(line, |cursor| check(cursor, &member)).map_err(|error| error.behind(start))?;
            (is_first, is_empty) = (false, is_blank);
            start = start.saturating_add(line.len()).saturating_add(2);
        }
        Ok(Self::All(fields, name))
    }
}

/// Goes through the members.
#[derive(Clone, Debug)]
pub(super) struct Members<'b> {
    line: Cursor<'b>,
    others: Option<(FieldIter<'b>, &'b str)>,
}

impl<'b> Members<'b> {
    pub(super) fn new(lines: CheckedLines<'b>) -> Self {
        let (text, others) = match lines {
            CheckedLines::One(text) => (text, None),
            CheckedLines::All(fields, name) => ("", Some((fields.into_iter(), name))),
        };
        let mut line = Cursor::new(text);
        line.skip_spaces();
        Self { line, others }
    }

    #[inline(always)]
    pub(super) fn next<T>(&mut self, take: impl Fn(&mut Cursor<'b>) -> Option<T>) -> Option<T> {
        while self.line.is_at_end() {
            let (fields, name) = self.others.as_mut()?;
            let line = fields.find(|field| field.is(name))?.value;
            // Nothing beyond ASCII has passed the check.
            self.line = Cursor::new(str::from_utf8(line).ok()?);
            self.line.skip_spaces();
        }
        let member = take(&mut self.line)?;
        self.line.skip_comma().ok()?;
        Some(member)
    }
}
