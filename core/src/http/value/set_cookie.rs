//! The Set-Cookie field: a cookie with its attributes (RFC 6265 §4.1, and the attributes and prefixes of 6265bis).

use super::date::HttpDate;
use crate::bytes;
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output;

/// How many bytes name and value may have together (RFC 6265bis §5.6).
pub(super) const LONGEST: usize = 4096;

/// With which requests from other sites a client sends a cookie (RFC 6265bis §4.1.2.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SameSite {
    /// With none.
    Strict,
    /// With those that navigate to the site by a safe method.
    Lax,
    /// With all; the cookie must be Secure.
    None,
}

/// A cookie that a server sets. Made with its attributes and written by a server, read by a client.
///
/// ```
/// use wirenut::http::{Field, SameSite, SetCookie};
/// const SESSION: SetCookie<'static> =
///     SetCookie::new("__Host-session", "").with_path("/").secure().http_only().with_same_site(SameSite::Lax);
/// let mut room = [0; 128];
/// let value = SESSION.with_value("31d4d96e").with_max_age(3600).write(&mut room)?;
/// let field = Field::from_bytes("Set-Cookie", value);
/// assert_eq!(
///     field.value,
///     b"__Host-session=31d4d96e; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"
/// );
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetCookie<'b> {
    /// The name: a token. Case counts.
    pub name: &'b [u8],
    /// The value: visible ASCII without `"`, `,`, `;` and `\`, but for quotes around all of it. What else is to be in it must
    /// be encoded by whoever sets it.
    pub value: &'b [u8],
    /// When it ends, in seconds since 1970-01-01 00:00:00 UTC. Clients that know [`Self::max_age`] ignore this beside it.
    pub expires: Option<u64>,
    /// After how many seconds it ends: 0 at once, which removes it. Without this and [`Self::expires`] it ends with the
    /// client's session.
    pub max_age: Option<u64>,
    /// The host to which it is sent, with all its subdomains; without, only the host that set it. Case means nothing.
    pub domain: Option<&'b [u8]>,
    /// The path to which it is sent, with all below; without, that of the request.
    pub path: Option<&'b [u8]>,
    /// Is it sent only over secure connections?
    pub is_secure: bool,
    /// Is it hidden from scripts?
    pub is_http_only: bool,
    /// With which requests from other sites it is sent; without, the client's default.
    pub same_site: Option<SameSite>,
    /// Is it kept apart for each site in which the server is embedded? It must be Secure, then.
    pub is_partitioned: bool,
}

impl<'b> SetCookie<'b> {
    /// A cookie without attributes.
    #[must_use]
    pub const fn new(name: &'b str, value: &'b str) -> Self {
        Self::from_bytes(name.as_bytes(), value.as_bytes())
    }

    pub(super) const fn from_bytes(name: &'b [u8], value: &'b [u8]) -> Self {
        Self {
            name,
            value,
            expires: None,
            max_age: None,
            domain: None,
            path: None,
            is_secure: false,
            is_http_only: false,
            same_site: None,
            is_partitioned: false,
        }
    }

    /// One that makes clients forget the cookie of this name, if path and domain are those it was set with.
    ///
    /// ```
    /// use wirenut::http::SetCookie;
    /// let mut room = [0; 80];
    /// let value = SetCookie::removal("a").with_path("/").write(&mut room)?;
    /// assert_eq!(value, b"a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/");
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    #[must_use]
    pub const fn removal(name: &'b str) -> Self {
        Self::new(name, "").with_expires(0).with_max_age(0)
    }

    /// With this value.
    #[must_use]
    pub const fn with_value(mut self, value: &'b str) -> Self {
        self.value = value.as_bytes();
        self
    }

    /// Ends so many seconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn with_expires(mut self, seconds: u64) -> Self {
        self.expires = Some(seconds);
        self
    }

    /// Ends after so many seconds.
    #[must_use]
    pub const fn with_max_age(mut self, seconds: u64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Is sent to this host and its subdomains.
    #[must_use]
    pub const fn with_domain(mut self, domain: &'b str) -> Self {
        self.domain = Some(domain.as_bytes());
        self
    }

    /// Is sent to this path and what is below it.
    #[must_use]
    pub const fn with_path(mut self, path: &'b str) -> Self {
        self.path = Some(path.as_bytes());
        self
    }

    /// Is sent over secure connections only.
    #[must_use]
    pub const fn secure(mut self) -> Self {
        self.is_secure = true;
        self
    }

    /// Is hidden from scripts.
    #[must_use]
    pub const fn http_only(mut self) -> Self {
        self.is_http_only = true;
        self
    }

    /// Is sent with these requests from other sites.
    #[must_use]
    pub const fn with_same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    /// Is kept apart for each site in which the server is embedded.
    #[must_use]
    pub const fn partitioned(mut self) -> Self {
        self.is_partitioned = true;
        self
    }

    /// May a server send this, and will clients take it?
    ///
    /// ```
    /// use wirenut::http::{SetCookie, ValueRule};
    /// let cookie = SetCookie::new("__Secure-a", "b");
    /// assert_eq!(cookie.check().unwrap_err().rule, ValueRule::BrokenCookiePrefix);
    /// assert_eq!(cookie.secure().check(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// [`ValueRule::InvalidCookieName`], [`ValueRule::InvalidCookieValue`], [`ValueRule::InvalidCookieDomain`] and
    /// [`ValueRule::InvalidCookiePath`], each with the offset in that part; [`ValueRule::CookieTooLong`],
    /// [`ValueRule::BrokenCookiePrefix`] and [`ValueRule::InsecureCookie`], of no one byte.
    pub fn check(&self) -> Result<(), ValueError> {
        let name_end = bytes::token_end(self.name, 0);
        if name_end < self.name.len() || self.name.is_empty() {
            return Err(ValueError::new(ValueRule::InvalidCookieName, name_end));
        }
        find(self.value, unquoted(self.value), is_cookie_octet, ValueRule::InvalidCookieValue)?;
        if let Some(domain) = self.domain {
            check_domain(domain)?;
        }
        if let Some(path) = self.path {
            find(path, path, |byte| matches!(byte, 0x20..=0x7e) && byte != b';', ValueRule::InvalidCookiePath)?;
            // Blanks at the end would be cut off, so this would be another path.
            if !path.starts_with(b"/") || path.ends_with(b" ") {
                return Err(ValueError::new(ValueRule::InvalidCookiePath, 0));
            }
        }
        if self.name.len().saturating_add(self.value.len()) > LONGEST {
            return Err(ValueError::new(ValueRule::CookieTooLong, LONGEST));
        }
        self.check_security()
    }

    fn check_security(&self) -> Result<(), ValueError> {
        let begins_with = |prefix: &[u8]| {
            self.name.get(..prefix.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix))
        };
        let keeps_prefix = match (begins_with(b"__Secure-"), begins_with(b"__Host-")) {
            (true, _) => self.is_secure,
            (_, true) => self.is_secure && self.domain.is_none() && self.path == Some(b"/"),
            _ => true,
        };
        if !keeps_prefix {
            return Err(ValueError::new(ValueRule::BrokenCookiePrefix, 0));
        }
        let must_be_secure = self.same_site == Some(SameSite::None) || self.is_partitioned;
        if must_be_secure && !self.is_secure {
            return Err(ValueError::new(ValueRule::InsecureCookie, 0));
        }
        Ok(())
    }

    /// Writes the value of a Set-Cookie field to the beginning of `out`, if [`Self::check`] has nothing against it, and
    /// gives what was written. On failure the content of `out` is undefined.
    ///
    /// # Errors
    /// Those of [`Self::check`]; [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], ValueError> {
        self.check()?;
        output::write(out, |writer| self.put(writer))
    }

    fn put(&self, writer: &mut Writer<'_>) {
        let date = self.expires.map(HttpDate::from_unix);
        writer.put(self.name);
        writer.put(b"=");
        writer.put(self.value);
        if let Some(max_age) = self.max_age {
            writer.put(b"; Max-Age=");
            writer.put_decimal(max_age);
        }
        let same_site: Option<&[u8]> = self.same_site.map(|same_site| match same_site {
            SameSite::Strict => &b"Strict"[..],
            SameSite::Lax => b"Lax",
            SameSite::None => b"None",
        });
        let attributes: [(&[u8], Option<&[u8]>); 7] = [
            (b"; Expires=", date.as_ref().map(|date| &date.as_bytes()[..])),
            (b"; Domain=", self.domain),
            (b"; Path=", self.path),
            (b"; Secure", self.is_secure.then_some(b"")),
            (b"; HttpOnly", self.is_http_only.then_some(b"")),
            (b"; SameSite=", same_site),
            (b"; Partitioned", self.is_partitioned.then_some(b"")),
        ];
        for (name, value) in attributes {
            if let Some(value) = value {
                writer.put(name);
                writer.put(value);
            }
        }
    }
}

/// What is between the quotes of a value that has them.
fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

/// `cookie-octet` of RFC 6265 §4.1.1.
const fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// Where in `whole` the first byte of its part `part` is that is not so.
fn find(whole: &[u8], part: &[u8], is_right: fn(u8) -> bool, rule: ValueRule) -> Result<(), ValueError> {
    let before = whole.len().saturating_sub(part.len()) / 2;
    match part.iter().position(|byte| !is_right(*byte)) {
        Some(at) => Err(ValueError::new(rule, at.saturating_add(before))),
        None => Ok(()),
    }
}

/// Labels of letters, digits and hyphens, which do not begin or end with a hyphen (RFC 1123 §2.1). A dot in front of them
/// means nothing to clients, and is no part of the grammar.
fn check_domain(domain: &[u8]) -> Result<(), ValueError> {
    let mut start = 0_usize;
    for label in domain.split(|byte| *byte == b'.') {
        let is_right = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let wrong = label.iter().position(|byte| !is_right(*byte));
        let wrong = wrong.or(matches!(label, [] | [b'-', ..] | [.., b'-']).then_some(0));
        if let Some(at) = wrong {
            return Err(ValueError::new(ValueRule::InvalidCookieDomain, start.saturating_add(at)));
        }
        start = start.saturating_add(label.len()).saturating_add(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_would_read_otherwise_or_ignore_is_not_written() {
        use ValueRule::*;
        let named = |name| SetCookie::new(name, "b");
        let cookie = named("a");
        let cases = [
            (cookie, None),
            (cookie.with_value(""), None),
            (cookie.with_value("\"x\""), None),
            (cookie.with_value("!#+-:<[]~="), None),
            (cookie.with_domain("example.org").with_path("/a b=c"), None),
            (cookie.with_domain("127.0.0.1"), None),
            (named("__Secure-a").secure(), None),
            (named("__Host-a").secure().with_path("/"), None),
            (named("__HostA"), None),
            (cookie.with_same_site(SameSite::None).partitioned().secure(), None),
            (named(""), Some((InvalidCookieName, 0))),
            (named("a b"), Some((InvalidCookieName, 1))),
            (named("a="), Some((InvalidCookieName, 1))),
            (named("a\u{e9}"), Some((InvalidCookieName, 1))),
            (cookie.with_value("x y"), Some((InvalidCookieValue, 1))),
            (cookie.with_value("x; Path=/"), Some((InvalidCookieValue, 1))),
            (cookie.with_value("x\r\nSet-Cookie: c"), Some((InvalidCookieValue, 1))),
            (cookie.with_value("\"x,y\""), Some((InvalidCookieValue, 2))),
            (cookie.with_value("\""), Some((InvalidCookieValue, 0))),
            (cookie.with_value("\"x"), Some((InvalidCookieValue, 0))),
            (cookie.with_domain(""), Some((InvalidCookieDomain, 0))),
            (cookie.with_domain(".a"), Some((InvalidCookieDomain, 0))),
            (cookie.with_domain("a."), Some((InvalidCookieDomain, 2))),
            (cookie.with_domain("a.b-"), Some((InvalidCookieDomain, 2))),
            (cookie.with_domain("a.b;c"), Some((InvalidCookieDomain, 3))),
            (cookie.with_path(""), Some((InvalidCookiePath, 0))),
            (cookie.with_path("a"), Some((InvalidCookiePath, 0))),
            (cookie.with_path("/;"), Some((InvalidCookiePath, 1))),
            (cookie.with_path("/ "), Some((InvalidCookiePath, 0))),
            (named("__Secure-a"), Some((BrokenCookiePrefix, 0))),
            (named("__secure-a"), Some((BrokenCookiePrefix, 0))),
            (named("__Host-a").secure(), Some((BrokenCookiePrefix, 0))),
            (named("__Host-a").with_path("/"), Some((BrokenCookiePrefix, 0))),
            (named("__Host-a").secure().with_path("/b"), Some((BrokenCookiePrefix, 0))),
            (named("__Host-a").secure().with_path("/").with_domain("b"), Some((BrokenCookiePrefix, 0))),
            (cookie.with_same_site(SameSite::None), Some((InsecureCookie, 0))),
            (cookie.partitioned(), Some((InsecureCookie, 0))),
        ];
        for (cookie, expected) in cases {
            let expected = expected.map_or(Ok(()), |(rule, offset)| Err(ValueError::new(rule, offset)));
            assert_eq!(cookie.check(), expected, "{cookie:?}");
            let mut room = [0; 128];
            let written = cookie.write(&mut room).map(|_| ());
            assert_eq!(written, expected, "{cookie:?}");
        }
    }

    #[test]
    fn name_and_value_have_4096_bytes_together() {
        let long = [b'x'; 4096];
        let long = str::from_utf8(&long).unwrap();
        assert_eq!(SetCookie::new("a", &long[1..]).check(), Ok(()));
        assert_eq!(SetCookie::new("a", long).check().unwrap_err().rule, ValueRule::CookieTooLong);
    }

    #[test]
    fn a_cookie_with_everything_is_written_and_read_back() {
        let cookie = SetCookie::new("a", "b")
            .with_expires(784_111_777)
            .with_max_age(u64::MAX)
            .with_domain("example.org")
            .with_path("/c")
            .secure()
            .http_only()
            .with_same_site(SameSite::Strict)
            .partitioned();
        let text = b"a=b; Max-Age=18446744073709551615; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=example.org; \
            Path=/c; Secure; HttpOnly; SameSite=Strict; Partitioned";
        let mut room = [0; 180];
        assert_eq!(cookie.write(&mut room), Ok(&text[..]));
        assert_eq!(SetCookie::parse(text), Ok(cookie));
        let error = cookie.write(&mut room[..text.len() - 1]).unwrap_err();
        assert_eq!(error, ValueError::new(ValueRule::BufferTooShort, text.len() - 1));
    }
}
