//! Field lines (RFC 9112 §5): one, and a validated section of them.

use crate::bytes;
use crate::http::field_filter::FieldFilter;

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
/// Given out by the connection in [`Head::fields`](crate::http::RequestHead::fields); [`Fields::EMPTY`] stands for none.
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
            let line = line(rest, 0)?;
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
        self.into_iter().filter(move |field| field.is(name)).map(|field| field.value)
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

impl<'b> Iterator for FieldIter<'b> {
    type Item = Field<'b>;

    fn next(&mut self) -> Option<Field<'b>> {
        loop {
            let line = line(self.lines, 0)?;
            let field = line.field(self.lines)?;
            self.lines = self.lines.get(line.end()..)?;
            if self.field_filter.is_none_or(|field_filter| field_filter.keeps(field.name)) {
                return Some(field);
            }
        }
    }
}

/// Where the parts of a field line are.
#[derive(Clone, Copy)]
pub(crate) struct FieldLine {
    pub(crate) start: usize,
    pub(crate) colon: usize,
    /// Behind the white space that may follow the value, too.
    pub(crate) value_end: usize,
}

impl FieldLine {
    /// The line that begins and ends there, if these are its ends.
    #[inline(always)]
    pub(crate) fn between(bytes: &[u8], start: usize, (colon, value_end): (usize, usize)) -> Option<Self> {
        let is_sound = colon > start && bytes.get(colon) == Some(&b':') && is_line_end(bytes, value_end);
        is_sound.then_some(Self { start, colon, value_end })
    }

    /// Where the next line begins.
    pub(crate) const fn end(self) -> usize {
        self.value_end.wrapping_add(2)
    }

    /// The field, of the bytes in which the line was found, and only of these.
    #[inline(always)]
    pub(crate) fn field(self, bytes: &[u8]) -> Option<Field<'_>> {
        let name = bytes.get(self.start..self.colon)?;
        let value = bytes.get(self.colon.wrapping_add(1)..self.value_end)?;
        Some(Field { name, value: bytes::trim(value) })
    }
}

/// Reads the line that begins at index `start`, if it is there as a whole.
///
/// ```text
/// field-line = field-name ":" OWS field-value OWS CRLF
/// ```
pub(crate) fn line(bytes: &[u8], start: usize) -> Option<FieldLine> {
    let colon = bytes::token_end(bytes, start);
    let value_end = bytes::value_end(bytes, colon.wrapping_add(1));
    FieldLine::between(bytes, start, (colon, value_end))
}

#[inline(always)]
pub(crate) fn is_line_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<(&[u8], &[u8])>) {
        let got = line(bytes, 0).and_then(|line| line.field(bytes)).map(|field| (field.name, field.value));
        assert_eq!(got, expected, "{:?}", bytes.escape_ascii());
    }

    #[test]
    fn a_line_is_a_field_or_nothing() {
        check(b"a:b\r\n", Some((b"a", b"b")));
        check(b"A-b: \t c d \t\r\nrest", Some((b"A-b", b"c d")));
        check(b"a:\r\n", Some((b"a", b"")));
        check(b"a: \xff\x80\r\n", Some((b"a", b"\xff\x80")));
        for none in [
            &b"\r\nrest"[..],
            b"",
            b"\r",
            b"a",
            b"a: b",
            b"a: b\r",
            b"a\r",
            b" a: b\r\n",
            b"a : b\r\n",
            b"a\r\n",
            b"a\n",
            b"\n",
            b"\rx",
            b"a\rb: c\r\n",
            b":b\r\n",
            b"a\0: b\r\n",
            b"a(b): c\r\n",
            b"a: b\0c\r\n",
            b"a: b\rc\r\n",
            b"a: b\nc\r\n",
        ] {
            check(none, None);
        }
    }

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
