//! Field lines (RFC 9112 §5): one, and a validated section of them.

use super::Interest;
use super::error::Rule;
use crate::scan::{self, CR, HTAB, LF, SP};

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
        scan::is_token(self.name) && scan::is_field_value(self.value)
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
/// Given out by the connection in [`Head::fields`](super::Head::fields); [`Fields::EMPTY`] stands for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fields<'b> {
    lines: &'b [u8],
    interest: Option<&'static Interest>,
}

impl<'b> Fields<'b> {
    /// No field at all.
    pub const EMPTY: Self = Self { lines: &[], interest: None };

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
            let line = line(rest, 0).ok()??;
            rest = rest.get(line.end()..)?;
        }
        Some(Self { lines, interest: None })
    }

    /// `lines` are whole field lines that [`line`] has accepted, or none. Of them, those are shown that the interest
    /// names.
    pub(crate) const fn validated(lines: &'b [u8], interest: Option<&'static Interest>) -> Self {
        Self { lines, interest }
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
        FieldIter { lines: self.lines, interest: self.interest }
    }
}

/// Goes through [`Fields`] in the order in which they came.
#[derive(Clone, Debug)]
pub struct FieldIter<'b> {
    lines: &'b [u8],
    interest: Option<&'static Interest>,
}

impl<'b> Iterator for FieldIter<'b> {
    type Item = Field<'b>;

    fn next(&mut self) -> Option<Field<'b>> {
        loop {
            let line = line(self.lines, 0).ok()??;
            let field = line.field(self.lines)?;
            self.lines = self.lines.get(line.end()..)?;
            if self.interest.is_none_or(|interest| interest.keeps(field.name)) {
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
        Some(Field { name, value: scan::trim(value) })
    }
}

/// Why a line is none: a rule broken at that index, or the bytes ended there.
#[derive(Clone, Copy)]
pub(crate) struct Flaw {
    pub(crate) rule: Option<Rule>,
    pub(crate) at: usize,
}

impl Flaw {
    pub(crate) const fn broken(rule: Rule, at: usize) -> Self {
        Self { rule: Some(rule), at }
    }

    pub(crate) const fn ended(at: usize) -> Self {
        Self { rule: None, at }
    }
}

/// Reads the line that begins at index `start`; `None` is the empty line that ends a section. What a flaw names is an
/// index of `bytes`, too.
///
/// ```text
/// field-line = field-name ":" OWS field-value OWS CRLF
/// ```
pub(crate) fn line(bytes: &[u8], start: usize) -> Result<Option<FieldLine>, Flaw> {
    if is_line_end(bytes, start) {
        return Ok(None);
    }
    let colon = scan::token_end(bytes, start);
    if colon == start || bytes.get(colon) != Some(&b':') {
        return Err(no_name(bytes, start, colon));
    }
    let value_end = scan::value_end(bytes, colon.wrapping_add(1));
    line_end(bytes, value_end, Rule::InvalidFieldValue)?;
    Ok(Some(FieldLine { start, colon, value_end }))
}

/// Why a line has no name; `at` is the index where what could be one ended.
#[cold]
#[inline(never)]
fn no_name(bytes: &[u8], start: usize, at: usize) -> Flaw {
    let is_empty = at == start;
    let rule = match bytes.get(at..).unwrap_or(&[]) {
        [] | [CR] => return Flaw::ended(at),
        [SP | HTAB, ..] if is_empty => Rule::ObsoleteLineFolding,
        [SP | HTAB, ..] => Rule::SpaceBeforeColon,
        [LF, ..] => Rule::BareLineFeed,
        [CR, LF, ..] => Rule::MissingColon,
        [CR, ..] => Rule::BareCarriageReturn,
        _ => Rule::InvalidFieldName,
    };
    Flaw::broken(rule, at)
}

/// Checks that there is a line end at index `at`; `otherwise` is broken by any other byte.
#[inline(always)]
pub(crate) fn line_end(bytes: &[u8], at: usize, otherwise: Rule) -> Result<(), Flaw> {
    if is_line_end(bytes, at) { Ok(()) } else { Err(no_line_end(bytes, at, otherwise)) }
}

#[inline(always)]
pub(crate) fn is_line_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(b"\r\n")
}

#[cold]
#[inline(never)]
fn no_line_end(bytes: &[u8], at: usize, otherwise: Rule) -> Flaw {
    match bytes.get(at..).unwrap_or(&[]) {
        [] | [CR] => Flaw::ended(at),
        [CR, ..] => Flaw::broken(Rule::BareCarriageReturn, at),
        [LF, ..] => Flaw::broken(Rule::BareLineFeed, at),
        [_, ..] => Flaw::broken(otherwise, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected<'b> = Result<Option<(&'b [u8], &'b [u8])>, (Option<Rule>, usize)>;

    fn check(bytes: &[u8], expected: Expected<'_>) {
        let got = match line(bytes, 0) {
            Ok(Some(line)) => Ok(line.field(bytes).map(|field| (field.name, field.value))),
            Ok(None) => Ok(None),
            Err(flaw) => Err((flaw.rule, flaw.at)),
        };
        assert_eq!(got, expected, "{:?}", bytes.escape_ascii());
    }

    #[test]
    fn a_line_is_a_field_or_the_end_or_has_one_flaw() {
        use Rule::*;
        check(b"a:b\r\n", Ok(Some((b"a", b"b"))));
        check(b"A-b: \t c d \t\r\nrest", Ok(Some((b"A-b", b"c d"))));
        check(b"a:\r\n", Ok(Some((b"a", b""))));
        check(b"a: \xff\x80\r\n", Ok(Some((b"a", b"\xff\x80"))));
        check(b"\r\nrest", Ok(None));
        check(b"", Err((None, 0)));
        check(b"\r", Err((None, 0)));
        check(b"a", Err((None, 1)));
        check(b"a: b", Err((None, 4)));
        check(b"a: b\r", Err((None, 4)));
        check(b"a\r", Err((None, 1)));
        check(b" a: b\r\n", Err((Some(ObsoleteLineFolding), 0)));
        check(b"\ta: b\r\n", Err((Some(ObsoleteLineFolding), 0)));
        check(b"a : b\r\n", Err((Some(SpaceBeforeColon), 1)));
        check(b"a\r\n", Err((Some(MissingColon), 1)));
        check(b"a\n", Err((Some(BareLineFeed), 1)));
        check(b"\n", Err((Some(BareLineFeed), 0)));
        check(b"\rx", Err((Some(BareCarriageReturn), 0)));
        check(b"a\rb: c\r\n", Err((Some(BareCarriageReturn), 1)));
        check(b":b\r\n", Err((Some(InvalidFieldName), 0)));
        check(b"a\0: b\r\n", Err((Some(InvalidFieldName), 1)));
        check(b"a(b): c\r\n", Err((Some(InvalidFieldName), 1)));
        check(b"a: b\0c\r\n", Err((Some(InvalidFieldValue), 4)));
        check(b"a: b\x7f\r\n", Err((Some(InvalidFieldValue), 4)));
        check(b"a: b\rc\r\n", Err((Some(BareCarriageReturn), 4)));
        check(b"a: b\nc\r\n", Err((Some(BareLineFeed), 4)));
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
