//! Field lines (RFC 9112 §5): one, and a validated section of them.

use crate::bytes;
use crate::http::field_filter::FieldFilter;
use crate::http::grammar::field_line;

/// A field: its name, and its value without the white space around it.
///
/// ```
/// use wirenut::http::Field;
/// const ALLOW: Field<'static> = Field::new("Allow", "GET, HEAD");
/// assert_eq!(ALLOW.value, b"GET, HEAD");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'b> {
    /// The name, a token; case means nothing.
    pub name: &'b [u8],
    /// The value: visible ASCII, space, tab, and bytes from 0x80 up, which mean what the field says.
    pub value: &'b [u8],
}

impl<'b> Field<'b> {
    /// A field of text.
    #[must_use]
    pub const fn new(name: &'b str, value: &'b str) -> Self {
        Self { name: name.as_bytes(), value: value.as_bytes() }
    }

    /// A field whose value was made at run time.
    #[must_use]
    pub const fn from_bytes(name: &'b str, value: &'b [u8]) -> Self {
        Self { name: name.as_bytes(), value }
    }

    /// Can this be sent as it is?
    pub(crate) fn is_sound(&self) -> bool {
        bytes::is_token(self.name) && bytes::is_field_value(self.value)
    }

    /// Is this the field of that name?
    #[must_use]
    pub const fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The field lines of a head or of a trailer section, validated and where they came in: nothing is copied, and no
/// table is built. Iterating looks at the bytes again.
///
/// Given out by the connection in [`RequestHead::fields`](crate::http::RequestHead::fields); [`Fields::EMPTY`] stands
/// for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fields<'b> {
    lines: &'b [u8],
    field_filter: Option<&'static FieldFilter>,
}

impl<'b> Fields<'b> {
    /// No field at all.
    pub const EMPTY: Self = Self { lines: &[], field_filter: None };

    /// Reads whole field lines, each with its line end, and no empty line behind them: what was kept of a head for later.
    /// `None` if one of them is no field line.
    ///
    /// ```
    /// use wirenut::http::Fields;
    /// let fields = Fields::parse(b"Range: bytes=0-9\r\nIf-Range: \"v1\"\r\n").unwrap();
    /// assert_eq!(fields.get("range"), Some(&b"bytes=0-9"[..]));
    /// assert!(Fields::parse(b"Range bytes=0-9\r\n").is_none());
    /// ```
    #[must_use]
    pub fn parse(lines: &'b [u8]) -> Option<Self> {
        let mut rest = lines;
        while !rest.is_empty() {
            let line = field_line::line(rest, 0)?;
            rest = rest.get(line.end()..)?;
        }
        Some(Self { lines, field_filter: None })
    }

    /// `lines` are whole field lines that [`line`] has accepted, or none. Of them, those are shown that the filter
    /// names.
    pub(crate) const fn validated(lines: &'b [u8], field_filter: Option<&'static FieldFilter>) -> Self {
        Self { lines, field_filter }
    }

    /// The value of the first field of this name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'b [u8]> {
        self.get_all(name).next()
    }

    /// The values of all fields of this name, in order.
    pub fn get_all(self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        let mut fields = self.into_iter();
        core::iter::from_fn(move || fields.next_value(name))
    }

    /// Is there no field?
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.into_iter().next().is_none()
    }
}

impl<'b> IntoIterator for Fields<'b> {
    type Item = Field<'b>;
    type IntoIter = FieldIter<'b>;

    fn into_iter(self) -> FieldIter<'b> {
        FieldIter { lines: self.lines, field_filter: self.field_filter }
    }
}

/// Goes through [`Fields`] in the order in which they came.
#[derive(Clone, Debug)]
pub struct FieldIter<'b> {
    lines: &'b [u8],
    field_filter: Option<&'static FieldFilter>,
}

impl<'b> FieldIter<'b> {
    /// The value of the next field of this name.
    pub(crate) fn next_value(&mut self, name: &str) -> Option<&'b [u8]> {
        self.find(|field| field.is(name)).map(|field| field.value)
    }
}

impl<'b> Iterator for FieldIter<'b> {
    type Item = Field<'b>;

    fn next(&mut self) -> Option<Field<'b>> {
        loop {
            let line = field_line::line(self.lines, 0)?;
            let (name, value) = line.name_and_value(self.lines)?;
            let field = Field { name, value };
            self.lines = self.lines.get(line.end()..)?;
            if self.field_filter.is_none_or(|field_filter| field_filter.keeps(field.name)) {
                return Some(field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_whatever_its_case() {
        let fields = Fields::validated(b"A: 1\r\nb: 2\r\na: 3\r\n", None);
        assert_eq!(fields.get("a"), Some(&b"1"[..]));
        assert!(fields.get_all("A").eq([b"1", b"3"]));
        assert_eq!(fields.get("c"), None);
        assert_eq!(fields.into_iter().count(), 3);
        assert!(Fields::EMPTY.is_empty() && Fields::EMPTY.into_iter().next().is_none());
    }
}
