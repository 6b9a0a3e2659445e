//! The Cookie field, in both directions (RFC 6265 §4.2, §5.4).

use crate::bytes;
use crate::http::message::fields::Fields;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::find::find;
use crate::http::value::lines::{Lines, LinesIter};
use crate::http::value::output::Output;

/// The cookies of a request, where they came in.
///
/// Cookies are separated by `;`; the value begins behind the first `=`; white space around both does not count, and
/// empty parts count as not there. Nothing is decoded: what servers encode is their own affair (RFC 6265 §4.1.1), and
/// quotes are part of a value.
///
/// ```
/// use wirenut::http::Cookies;
/// let cookies = Cookies::parse(b"session=31d4d96e; lang=en");
/// assert_eq!(cookies.get("session"), Some(&b"31d4d96e"[..]));
/// assert_eq!(cookies.get("theme"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cookies<'b>(Lines<'b>);

impl<'b> Cookies<'b> {
    /// The cookies of these fields. There should be one Cookie field at most (RFC 6265 §5.4); all are read.
    ///
    /// ```
    /// use wirenut::http::{Cookies, Fields};
    /// let fields = Fields::parse(b"Cookie: a=1\r\n").unwrap();
    /// assert_eq!(Cookies::of(fields).get("a"), Some(&b"1"[..]));
    /// ```
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(Lines::All(fields, "Cookie"))
    }

    /// The cookies of one Cookie field's value. This looks at nothing yet.
    #[must_use]
    pub const fn parse(value: &'b [u8]) -> Self {
        Self(Lines::One(value))
    }

    /// The value of the first cookie of this name; case counts. A malformed cookie has no name, and damages no other.
    ///
    /// The same name may come twice, for two paths or domains: clients put the longer path first, but a server should not
    /// rely on it (RFC 6265 §4.2.2).
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'b [u8]> {
        self.get_all(name).next()
    }

    /// The values of all cookies of this name, in order.
    pub fn get_all(self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        self.into_iter().flatten().filter(move |cookie| cookie.name == name.as_bytes()).map(|cookie| cookie.value)
    }
}

/// A cookie as a client sends it.
///
/// ```
/// use wirenut::http::{Cookie, Cookies, ValueError, ValueRule};
/// let mut cookies = Cookies::parse(b"a=1; b").into_iter();
/// assert_eq!(cookies.next(), Some(Ok(Cookie { name: b"a", value: b"1" })));
/// assert_eq!(cookies.next(), Some(Err(ValueError { rule: ValueRule::InvalidCookiePair, offset: 5 })));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cookie<'b> {
    /// Its name: not empty.
    pub name: &'b [u8],
    /// Its value, perhaps with quotes around it.
    pub value: &'b [u8],
}

impl<'b> Cookie<'b> {
    /// `None` without `=`, or with nothing before it.
    pub(super) fn split(pair: &'b [u8]) -> Option<Self> {
        let (name, value) = pair.split_at_checked(find(pair, [b'=']))?;
        let (name, value) = (bytes::trim(name), bytes::trim(value.strip_prefix(b"=")?));
        (!name.is_empty()).then_some(Self { name, value })
    }

    /// The first byte that would make another cookie of this one, or an invalid field, and where it is: in the name, or
    /// behind it in the value.
    fn check(self) -> Result<(), ValueError> {
        let forbidden = |byte: &u8| !bytes::has_class(*byte, bytes::FIELD_VALUE) || *byte == b';';
        if self.name.is_empty() {
            return Err(ValueError::new(ValueRule::InvalidCookiePair, 0));
        }
        if let Some(at) = self.name.iter().position(|byte| forbidden(byte) || *byte == b'=') {
            return Err(ValueError::new(ValueRule::InvalidCookieName, at));
        }
        let has_blanks = bytes::trim(self.name).len() < self.name.len();
        if has_blanks {
            return Err(ValueError::new(ValueRule::InvalidCookieName, 0));
        }
        match self.value.iter().position(forbidden) {
            Some(at) => Err(ValueError::new(ValueRule::InvalidCookieValue, at)),
            None if bytes::trim(self.value).len() < self.value.len() => {
                Err(ValueError::new(ValueRule::InvalidCookieValue, 0))
            }
            None => Ok(()),
        }
    }
}

impl<'b> IntoIterator for Cookies<'b> {
    type Item = Result<Cookie<'b>, ValueError>;
    type IntoIter = CookiesIter<'b>;

    fn into_iter(self) -> CookiesIter<'b> {
        CookiesIter { lines: self.0.into_iter(), line: &[], rest: &[] }
    }
}

/// Goes through [`Cookies`] in the order in which they came. A part that is no cookie is an error, with its offset in its
/// line; what follows it is shown all the same.
#[derive(Clone, Debug)]
pub struct CookiesIter<'b> {
    lines: LinesIter<'b>,
    line: &'b [u8],
    rest: &'b [u8],
}

impl<'b> Iterator for CookiesIter<'b> {
    type Item = Result<Cookie<'b>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while self.rest.is_empty() {
                self.line = self.lines.next()?;
                self.rest = self.line;
            }
            let (part, behind) = self.rest.split_at_checked(find(self.rest, [b';']))?;
            let start = self.line.len().saturating_sub(self.rest.len());
            self.rest = bytes::from(behind, 1);
            let pair = bytes::trim(part);
            if !pair.is_empty() {
                let blanks = part.iter().take_while(|byte| bytes::has_class(**byte, bytes::BLANK)).count();
                let offset = start.saturating_add(blanks);
                return Some(Cookie::split(pair).ok_or(ValueError::new(ValueRule::InvalidCookiePair, offset)));
            }
        }
    }
}

/// Writes the value of a Cookie field, as a client sends it, into a buffer that is given.
///
/// ```
/// use wirenut::http::{CookieWriter, Field};
/// let mut room = [0; 64];
/// let mut cookies = CookieWriter::new(&mut room);
/// cookies.cookie("session", "31d4d96e")?.cookie("lang", "en")?;
/// let field = Field::from_bytes("Cookie", cookies.finish());
/// assert_eq!(field.value, b"session=31d4d96e; lang=en");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct CookieWriter<'o>(Output<'o>);

impl<'o> CookieWriter<'o> {
    /// Writes to the beginning of `out`.
    #[must_use]
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self(Output::new(out))
    }

    /// Adds a cookie as the server named it, whole or not at all: what was written before stays.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `out`; [`ValueRule::InvalidCookiePair`] for an
    /// empty name; [`ValueRule::InvalidCookieName`] or [`ValueRule::InvalidCookieValue`], with the offset in the name or
    /// the value, for a control or a separator, or for blanks at an end.
    pub fn cookie(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<&mut Self, ValueError> {
        let cookie = Cookie { name: name.as_ref(), value: value.as_ref() };
        cookie.check()?;
        let is_first = self.0.length() == 0;
        self.0.add(|writer| {
            if !is_first {
                writer.put_pair(*b"; ");
            }
            writer.put(cookie.name);
            writer.put(b"=");
            writer.put(cookie.value);
        })?;
        Ok(self)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn cookies_are_pairs_between_semicolons() {
        type Pair<'c> = Result<(&'c str, &'c str), usize>;
        let cases: [(&str, &[Pair<'_>]); 12] = [
            ("", &[]),
            ("a=b", &[Ok(("a", "b"))]),
            ("a=b; c=d", &[Ok(("a", "b")), Ok(("c", "d"))]),
            ("a=b;c=d;", &[Ok(("a", "b")), Ok(("c", "d"))]),
            (";; a=b", &[Ok(("a", "b"))]),
            ("a=", &[Ok(("a", ""))]),
            ("a=b=c", &[Ok(("a", "b=c"))]),
            ("a=\"b c\"", &[Ok(("a", "\"b c\""))]),
            (" a = b ", &[Ok(("a", "b"))]),
            ("a=b; c; d=e", &[Ok(("a", "b")), Err(5), Ok(("d", "e"))]),
            ("=b", &[Err(0)]),
            ("a=1;\t =b", &[Ok(("a", "1")), Err(6)]),
        ];
        for (text, expected) in cases {
            let got: Vec<_> = Cookies::parse(text.as_bytes()).into_iter().collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|pair| {
                    pair.map(|(name, value)| Cookie { name: name.as_bytes(), value: value.as_bytes() })
                        .map_err(|offset| ValueError::new(ValueRule::InvalidCookiePair, offset))
                })
                .collect();
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn all_fields_are_read_and_names_have_their_case() {
        let fields = Fields::validated(b"cookie: a=1; x\r\nB: a=2\r\nCookie: A=3; a=4\r\n", None);
        assert!(Cookies::of(fields).get_all("a").eq([b"1", b"4"]));
        assert_eq!(Cookies::of(fields).get("A"), Some(&b"3"[..]));
        assert_eq!(Cookies::of(Fields::EMPTY).get("a"), None);
    }

    #[test]
    fn what_would_become_another_cookie_is_not_written() {
        use ValueRule::{BufferTooShort, InvalidCookieName, InvalidCookiePair, InvalidCookieValue};
        for (name, value, rule, offset) in [
            ("", "b", InvalidCookiePair, 0),
            ("a=", "b", InvalidCookieName, 1),
            ("a;", "b", InvalidCookieName, 1),
            (" a", "b", InvalidCookieName, 0),
            ("a\r", "b", InvalidCookieName, 1),
            ("a", "b; c=d", InvalidCookieValue, 1),
            ("a", "b ", InvalidCookieValue, 0),
            ("a", "\n", InvalidCookieValue, 0),
            ("a", "0123456789", BufferTooShort, 12),
        ] {
            let mut room = [0; 12];
            let mut writer = CookieWriter::new(&mut room);
            writer.cookie("x", "y").unwrap();
            assert_eq!(writer.cookie(name, value).unwrap_err(), ValueError::new(rule, offset), "{name}={value}");
            assert_eq!(writer.finish(), b"x=y");
        }
    }
}
