//! URI references (RFC 3986 §4.1), taken apart.

use core::fmt;

use super::percent_encode::EncodeSet;
use crate::bytes::{self, HEX, REG_NAME};
use crate::http::grammar::machine::Machine;
use crate::http::value::error::{ValueError, ValueRule};

/// A URI, or a reference relative to one, where it came in: checked, taken apart, and not decoded.
///
/// ```
/// use wirenut::http::UriReference;
/// let base = UriReference::parse(b"http://example.org/a/b?c")?;
/// let reference = UriReference::parse(b"../d#e")?;
/// assert_eq!((reference.path(), reference.fragment()), ("../d", Some("e")));
/// let mut room = [0; 64];
/// assert_eq!(base.resolve(&reference, &mut room)?.as_str(), "http://example.org/d#e");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UriReference<'b> {
    text: &'b str,
    pub(super) parts: Parts<'b>,
}

/// The five components (RFC 3986 §3), without what separates them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parts<'b> {
    pub(super) scheme: Option<&'b str>,
    pub(super) authority: Option<&'b str>,
    pub(super) path: &'b str,
    pub(super) query: Option<&'b str>,
    pub(super) fragment: Option<&'b str>,
}

impl<'b> UriReference<'b> {
    /// Reads a reference that is the whole of `text`. A reference that does not parse identifies nothing; browsers accept
    /// many that RFC 3986 does not.
    ///
    /// # Errors
    /// [`ValueRule::InvalidScheme`]: what stands before the first colon is none, or the first segment of a relative path
    /// holds a colon (RFC 3986 §4.2). [`ValueRule::InvalidUriCharacter`], [`ValueRule::InvalidPercentEncoding`],
    /// [`ValueRule::InvalidIpLiteral`], [`ValueRule::InvalidPort`]. Each with the offset in `text`.
    pub fn parse(text: &'b [u8]) -> Result<Self, ValueError> {
        let text = match str::from_utf8(text) {
            Ok(text) => text,
            // Nothing beyond ASCII can stand anywhere.
            Err(error) => return Err(first_error(text, error.valid_up_to())),
        };
        let mut reader = Reader { text, rest: text };
        let parts = reader.parts()?;
        if reader.rest.is_empty() {
            Ok(Self { text, parts })
        } else {
            Err(reader.error(ValueRule::InvalidUriCharacter))
        }
    }

    /// One that was put together of the components that `parts` has; where the first four of them end.
    pub(super) fn assembled(text: &'b [u8], parts: &Parts<'_>, ends: [usize; 4]) -> Result<Self, ValueError> {
        let text = str::from_utf8(text).map_err(|error| first_error(text, error.valid_up_to()))?;
        let [scheme, authority, path, query] = ends;
        let between = |start: usize, end: usize| text.get(start..end).unwrap_or_default();
        let parts = Parts {
            scheme: parts.scheme.map(|_| between(0, scheme.saturating_sub(1))),
            authority: parts.authority.map(|_| between(scheme.saturating_add(2), authority)),
            path: between(authority, path),
            query: parts.query.map(|_| between(path.saturating_add(1), query)),
            fragment: parts.fragment.map(|_| between(query.saturating_add(1), text.len())),
        };
        Ok(Self { text, parts })
    }

    /// The whole of it.
    #[must_use]
    pub const fn as_str(&self) -> &'b str {
        self.text
    }

    /// The scheme, without its colon; case means nothing. `None` for a relative reference.
    #[must_use]
    pub const fn scheme(&self) -> Option<&'b str> {
        self.parts.scheme
    }

    /// What stands behind `//`: user information, host and port.
    #[must_use]
    pub const fn authority(&self) -> Option<&'b str> {
        self.parts.authority
    }

    /// The path; it may be empty.
    #[must_use]
    pub const fn path(&self) -> &'b str {
        self.parts.path
    }

    /// What stands behind the first `?`.
    #[must_use]
    pub const fn query(&self) -> Option<&'b str> {
        self.parts.query
    }

    /// What stands behind the `#`.
    #[must_use]
    pub const fn fragment(&self) -> Option<&'b str> {
        self.parts.fragment
    }

    /// The host in the authority, of IPv6 with its brackets; it may be empty.
    ///
    /// ```
    /// use wirenut::http::UriReference;
    /// let uri = UriReference::parse(b"http://me@[::1]:8080/")?;
    /// assert_eq!((uri.host(), uri.port()), (Some("[::1]"), Some("8080")));
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> Option<&'b str> {
        self.parts.authority.map(|authority| Authority::split(authority).host)
    }

    /// What stands behind the colon of the authority: digits, or nothing.
    #[must_use]
    pub fn port(&self) -> Option<&'b str> {
        Authority::split(self.parts.authority?).port
    }
}

impl fmt::Display for UriReference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// An authority (RFC 3986 §3.2), which was checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authority<'b> {
    /// With its `@`.
    pub(super) user_info: &'b str,
    pub(super) host: &'b str,
    pub(super) port: Option<&'b str>,
}

impl<'b> Authority<'b> {
    pub(super) fn split(authority: &'b str) -> Self {
        let at = place(authority, b'@');
        let (user_info, rest) = cut(authority, if at < authority.len() { at.saturating_add(1) } else { 0 });
        let end = match rest.starts_with('[') {
            true => place(rest, b']').saturating_add(1).min(rest.len()),
            false => place(rest, b':'),
        };
        let (host, port) = cut(rest, end);
        Self { user_info, host, port: port.strip_prefix(':') }
    }
}

/// Takes a reference apart from its front.
struct Reader<'b> {
    text: &'b str,
    rest: &'b str,
}

impl<'b> Reader<'b> {
    /// The five components, as far as each of them goes.
    fn parts(&mut self) -> Result<Parts<'b>, ValueError> {
        let first = self.until(b":/?#");
        let scheme = match cut(self.rest, first.len()).1.starts_with(':') {
            true => Some(check_scheme(first)?),
            false => None,
        };
        self.take(scheme.map_or(0, |scheme| scheme.len().saturating_add(1)));
        let authority = match self.takes("//") {
            true => Some(check_authority(self.until(b"/?#")).map_err(|error| error.behind(self.offset()))?),
            false => None,
        };
        self.take(authority.unwrap_or_default().len());
        let path = self.component(&PATH)?;
        Ok(Parts { scheme, authority, path, query: self.behind("?")?, fragment: self.behind("#")? })
    }

    fn offset(&self) -> usize {
        self.text.len().saturating_sub(self.rest.len())
    }

    fn error(&self, rule: ValueRule) -> ValueError {
        ValueError::new(rule, self.offset())
    }

    /// What comes before the first such byte, or all; it is not taken.
    #[inline(always)]
    fn until<const N: usize>(&self, ends: &[u8; N]) -> &'b str {
        let end = self.rest.bytes().position(|byte| ends.contains(&byte));
        cut(self.rest, end.unwrap_or(self.rest.len())).0
    }

    fn take(&mut self, length: usize) -> &'b str {
        let (taken, rest) = cut(self.rest, length);
        self.rest = rest;
        taken
    }

    fn takes(&mut self, mark: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(mark) else { return false };
        self.rest = rest;
        true
    }

    fn behind(&mut self, mark: &str) -> Result<Option<&'b str>, ValueError> {
        if self.takes(mark) { self.component(&EncodeSet::QUERY).map(Some) } else { Ok(None) }
    }

    fn component(&mut self, set: &EncodeSet) -> Result<&'b str, ValueError> {
        let length = length(self.rest, set).map_err(|error| error.behind(self.offset()))?;
        Ok(self.take(length))
    }
}

// What the parts of a reference may hold besides percent-encoding (RFC 3986 §3).
static HOST: EncodeSet = EncodeSet::UNRESERVED.with(b"!$&'()*+,;=");
static USER_INFO: EncodeSet = HOST.with(b":@");
static PATH: EncodeSet = EncodeSet::PATH_SEGMENT.with(b"/");

/// How many bytes at the beginning are of this set, or encode one.
fn length(text: &str, set: &EncodeSet) -> Result<usize, ValueError> {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [byte, behind @ ..] if set.keeps(*byte) => behind,
            [b'%', high, low, behind @ ..] if bytes::classes(*high) & bytes::classes(*low) & HEX != 0 => behind,
            _ => break,
        };
    }
    let length = text.len().saturating_sub(rest.len());
    match rest {
        [b'%', ..] => Err(ValueError::new(ValueRule::InvalidPercentEncoding, length)),
        _ => Ok(length),
    }
}

/// Is all of it of this set, or encoded?
fn check(text: &str, set: &EncodeSet) -> Result<(), ValueError> {
    match length(text, set)? {
        length if length == text.len() => Ok(()),
        length => Err(ValueError::new(ValueRule::InvalidUriCharacter, length)),
    }
}

/// At the end, if `at` is not in it.
fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Index of the first such byte, or the length.
#[inline(never)]
fn place(text: &str, byte: u8) -> usize {
    text.bytes().position(|other| other == byte).unwrap_or(text.len())
}

fn check_scheme(scheme: &str) -> Result<&str, ValueError> {
    let is_sound = |(at, byte): (usize, u8)| {
        byte.is_ascii_alphabetic() || (at > 0 && (byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')))
    };
    match scheme.bytes().enumerate().find(|place| !is_sound(*place)) {
        Some((at, _)) => Err(ValueError::new(ValueRule::InvalidScheme, at)),
        None if scheme.is_empty() => Err(ValueError::new(ValueRule::InvalidScheme, 0)),
        None => Ok(scheme),
    }
}

fn check_authority(authority: &str) -> Result<&str, ValueError> {
    let Authority { user_info, host, port } = Authority::split(authority);
    check(user_info, &USER_INFO)?;
    let host_end = user_info.len().saturating_add(host.len());
    if host.starts_with('[') {
        let is_sound = Machine::is_host(host.as_bytes()) || is_ip_future(host);
        let is_followed = port.is_some() || host_end == authority.len();
        if !is_sound || !is_followed {
            return Err(ValueError::new(ValueRule::InvalidIpLiteral, user_info.len()));
        }
    } else {
        check(host, &HOST).map_err(|error| error.behind(user_info.len()))?;
    }
    match port.unwrap_or_default().bytes().position(|byte| !byte.is_ascii_digit()) {
        Some(at) => Err(ValueError::new(ValueRule::InvalidPort, host_end.saturating_add(1).saturating_add(at))),
        None => Ok(authority),
    }
}

/// `IPvFuture` of RFC 3986 §3.2.2, between its brackets. The grammar of requests has IPv6 only.
fn is_ip_future(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let [b'v' | b'V', rest @ ..] = inner.unwrap_or_default().as_bytes() else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_sound = |byte: &u8| bytes::has_class(*byte, REG_NAME) || *byte == b':';
    match rest.split_at_checked(digits) {
        Some((_, [b'.', address @ ..])) => digits > 0 && !address.is_empty() && address.iter().all(is_sound),
        _ => false,
    }
}

/// The first byte that is wrong, which is that at `end` at the latest: it is of no character.
fn first_error(text: &[u8], end: usize) -> ValueError {
    let valid = text.get(..end).and_then(|valid| str::from_utf8(valid).ok()).unwrap_or_default();
    match UriReference::parse(valid.as_bytes()) {
        Err(error) if error.offset < end => error,
        _ => ValueError::new(ValueRule::InvalidUriCharacter, end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueRule::*;

    type Taken<'c> = (Option<&'c str>, Option<&'c str>, &'c str, Option<&'c str>, Option<&'c str>);

    #[test]
    fn components() {
        let cases: [(&str, Taken<'_>); 16] = [
            // RFC 3986 §1.1.2 and appendix B.
            ("ftp://ftp.is.co.za/rfc/rfc1808.txt", (Some("ftp"), Some("ftp.is.co.za"), "/rfc/rfc1808.txt", None, None)),
            (
                "ldap://[2001:db8::7]/c=GB?objectClass?one",
                (Some("ldap"), Some("[2001:db8::7]"), "/c=GB", Some("objectClass?one"), None),
            ),
            ("mailto:John.Doe@example.com", (Some("mailto"), None, "John.Doe@example.com", None, None)),
            ("tel:+1-816-555-1212", (Some("tel"), None, "+1-816-555-1212", None, None)),
            ("urn:oasis:names", (Some("urn"), None, "oasis:names", None, None)),
            (
                "http://www.ics.uci.edu/pub/ietf/uri/#Related",
                (Some("http"), Some("www.ics.uci.edu"), "/pub/ietf/uri/", None, Some("Related")),
            ),
            ("", (None, None, "", None, None)),
            ("?", (None, None, "", Some(""), None)),
            ("#?", (None, None, "", None, Some("?"))),
            ("//a?b", (None, Some("a"), "", Some("b"), None)),
            ("//", (None, Some(""), "", None, None)),
            ("./a:b", (None, None, "./a:b", None, None)),
            ("a/b:c", (None, None, "a/b:c", None, None)),
            ("a+-.1:", (Some("a+-.1"), None, "", None, None)),
            ("x://u:p@[v1f.a:b]:/%41?/?#/?", (Some("x"), Some("u:p@[v1f.a:b]:"), "/%41", Some("/?"), Some("/?"))),
            ("///a", (None, Some(""), "/a", None, None)),
        ];
        for (text, expected) in cases {
            let uri = UriReference::parse(text.as_bytes()).unwrap();
            let taken = (uri.scheme(), uri.authority(), uri.path(), uri.query(), uri.fragment());
            assert_eq!(taken, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_reference() {
        for (text, rule, offset) in [
            (":a", InvalidScheme, 0),
            ("1a:b", InvalidScheme, 0),
            ("a_b:c", InvalidScheme, 1),
            ("a b", InvalidUriCharacter, 1),
            ("http://a b/", InvalidUriCharacter, 8),
            ("http://a@b@c", InvalidUriCharacter, 10),
            ("http://a/b[c]", InvalidUriCharacter, 10),
            ("a\\b", InvalidUriCharacter, 1),
            ("a#b#c", InvalidUriCharacter, 3),
            ("a?b^c", InvalidUriCharacter, 3),
            ("é", InvalidUriCharacter, 0),
            ("a%2", InvalidPercentEncoding, 1),
            ("a?b%zz", InvalidPercentEncoding, 3),
            ("//%/", InvalidPercentEncoding, 2),
            ("//[::1", InvalidIpLiteral, 2),
            ("//[::1]x", InvalidIpLiteral, 2),
            ("//u@[1.2.3.4]", InvalidIpLiteral, 4),
            ("//[::1%25a]", InvalidIpLiteral, 2),
            ("//[v.a]", InvalidIpLiteral, 2),
            ("//a:8a", InvalidPort, 5),
            ("//a:b:c", InvalidPort, 4),
            ("//[::1]:-", InvalidPort, 8),
        ] {
            assert_eq!(UriReference::parse(text.as_bytes()), Err(ValueError::new(rule, offset)), "{text}");
        }
        assert_eq!(UriReference::parse(b"a\xff"), Err(ValueError::new(InvalidUriCharacter, 1)));
        assert_eq!(UriReference::parse(b"a b\xff"), Err(ValueError::new(InvalidUriCharacter, 1)));
    }
}
