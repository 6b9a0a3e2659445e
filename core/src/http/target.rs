//! The request target (RFC 9112 §3.2) and the authority in it and in the Host field (RFC 3986 §3.2).

use super::Method;
use super::error::Rule;
use crate::scan;

/// What a request is for, in one of four forms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TargetForm {
    /// `/path?query`: what servers get.
    Origin,
    /// `http://host/path?query`: what proxies get, and every server must accept.
    Absolute,
    /// `host:port`, with CONNECT only.
    Authority,
    /// `*`, with OPTIONS only.
    Asterisk,
}

/// A sound request target. It is taken apart when its parts are asked for, and not decoded: percent-encoding stands as
/// it came.
///
/// ```
/// use wirenut::http::{Method, Target, TargetForm};
/// let target = Target::parse(Method::Get, b"/a?b=c").unwrap();
/// assert_eq!((target.path(), target.query()), (&b"/a"[..], Some(&b"b=c"[..])));
/// let target = Target::parse(Method::Get, b"http://example.org").unwrap();
/// assert_eq!((target.form(), target.path()), (TargetForm::Absolute, &b"/"[..]));
/// assert_eq!(target.authority(), Some(&b"example.org"[..]));
/// assert!(Target::parse(Method::Get, b"*").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target<'b> {
    raw: &'b [u8],
    form: TargetForm,
}

impl<'b> Target<'b> {
    /// Reads a target, in the form that the method allows.
    ///
    /// # Errors
    /// [`Rule::InvalidTarget`] where no form fits, [`Rule::MismatchedTarget`] where it is not one for this method.
    #[inline]
    pub fn parse(method: Method<'_>, raw: &'b [u8]) -> Result<Self, Rule> {
        let is_usual = matches!(raw, [b'/', ..]) && method != Method::Connect;
        let form = if is_usual { TargetForm::Origin } else { rare_form(method, raw)? };
        Ok(Self { raw, form })
    }

    /// The whole target as it came.
    #[must_use]
    pub const fn raw(&self) -> &'b [u8] {
        self.raw
    }

    /// Which form it has.
    #[must_use]
    pub const fn form(&self) -> TargetForm {
        self.form
    }

    /// Host and optional port, in absolute and authority form.
    #[must_use]
    pub fn authority(&self) -> Option<&'b [u8]> {
        match self.form {
            TargetForm::Absolute => absolute(self.raw).map(|(authority, _)| authority),
            TargetForm::Authority => Some(self.raw),
            TargetForm::Origin | TargetForm::Asterisk => None,
        }
    }

    /// The path: begins with `/`, except that it is `*` in asterisk form and empty in authority form.
    #[must_use]
    pub fn path(&self) -> &'b [u8] {
        let hier = self.path_and_query();
        let path = hier.get(..scan::query_mark(hier)).unwrap_or(hier);
        if path.is_empty() && self.form == TargetForm::Absolute { b"/" } else { path }
    }

    /// What follows the first `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'b [u8]> {
        let hier = self.path_and_query();
        hier.get(scan::query_mark(hier).wrapping_add(1)..)
    }

    fn path_and_query(&self) -> &'b [u8] {
        match self.form {
            TargetForm::Origin | TargetForm::Asterisk => self.raw,
            TargetForm::Absolute => absolute(self.raw).map_or(&[], |(_, hier)| hier),
            TargetForm::Authority => &[],
        }
    }

    /// Does the Host field name the authority of this target? In origin and asterisk form there is nothing to agree
    /// with. RFC 9112 §3.2 has the client send the same authority in both; two parsers would follow different ones.
    pub(crate) fn agrees_with(&self, host: &[u8]) -> bool {
        self.authority().is_none_or(|authority| authority.eq_ignore_ascii_case(host))
    }
}

/// The form of a target that is not a path.
#[cold]
#[inline(never)]
fn rare_form(method: Method<'_>, raw: &[u8]) -> Result<TargetForm, Rule> {
    match (raw, method) {
        (_, Method::Connect) if is_authority_with_port(raw) => Ok(TargetForm::Authority),
        (b"*", Method::Options) => Ok(TargetForm::Asterisk),
        (_, Method::Connect) | (b"*", _) => Err(Rule::MismatchedTarget),
        _ if absolute(raw).is_some() => Ok(TargetForm::Absolute),
        _ => Err(Rule::InvalidTarget),
    }
}

/// Takes `scheme "://" authority path-abempty [ "?" query ]` apart: authority, and what follows it. User information is
/// refused (RFC 9110 §4.2.4), and so is an empty host.
fn absolute(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let scheme_end = raw.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = raw.split_at_checked(scheme_end)?;
    if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
        return None;
    }
    let [b':', b'/', b'/', rest @ ..] = rest else { return None };
    let (authority, hier) = rest.split_at_checked(host_and_port(rest, 0)?.1)?;
    matches!(hier, [] | [b'/' | b'?', ..]).then_some((authority, hier))
}

/// ```text
/// uri-host [ ":" port ]
/// ```
/// Where the host ends that begins at index `at`, which is not empty, and where both end.
fn host_and_port(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let host = if bytes.get(at) == Some(&b'[') { ip_literal(bytes, at)? } else { registered_name(bytes, at)? };
    Some((host, port_end(bytes, host)))
}

/// Where a colon and a port end that begin at index `at`, if they do.
fn port_end(bytes: &[u8], at: usize) -> usize {
    let Some([b':', port @ ..]) = bytes.get(at..) else { return at };
    let digits = port.iter().take_while(|byte| byte.is_ascii_digit()).count();
    at.wrapping_add(1).wrapping_add(digits)
}

/// An IPv6 address in brackets, as far as its characters tell.
fn ip_literal(bytes: &[u8], at: usize) -> Option<usize> {
    let [b'[', rest @ ..] = bytes.get(at..)? else { return None };
    let length = rest.iter().position(|&byte| byte == b']')?;
    let address = rest.get(..length)?;
    let is_sound = address.iter().all(|&byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.');
    (is_sound && !address.is_empty()).then_some(at.wrapping_add(length).wrapping_add(2))
}

/// A registered name or an IPv4 address; a percent sign is followed by two hexadecimal digits.
fn registered_name(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = scan::reg_name_end(bytes, at);
    while let Some([b'%', digits @ ..]) = bytes.get(end..) {
        let [a, b, ..] = digits else { return None };
        if !a.is_ascii_hexdigit() || !b.is_ascii_hexdigit() {
            return None;
        }
        end = scan::reg_name_end(bytes, end.wrapping_add(3));
    }
    (end > at).then_some(end)
}

fn is_authority_with_port(bytes: &[u8]) -> bool {
    host_and_port(bytes, 0).is_some_and(|(host, end)| end == bytes.len() && end > host.wrapping_add(1))
}

/// May a Host field have the value that lies between these two indexes (RFC 9110 §7.2): nothing, or a host and perhaps
/// a port? Behind it comes a byte that neither may hold, or none.
pub(crate) fn is_host_field(bytes: &[u8], start: usize, end: usize) -> bool {
    let name_end = scan::reg_name_end(bytes, start);
    name_end == end || (name_end > start && port_end(bytes, name_end) == end) || is_rare_host(bytes, start, end)
}

/// Brackets, or percent-encoding.
#[cold]
#[inline(never)]
fn is_rare_host(bytes: &[u8], start: usize, end: usize) -> bool {
    host_and_port(bytes, start).is_some_and(|(_, found)| found == end)
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::format;

    #[test]
    fn hosts() {
        for good in [
            "",
            "a",
            "example.org",
            "example.org:80",
            "example.org:",
            "[::1]:8080",
            "[::1]",
            "a_b",
            "1.2.3.4:5",
            "a%20b",
        ] {
            assert!(is_host_field(good.as_bytes(), 0, good.len()), "{good}");
            assert!(is_host_field(format!("Host:{good} \r\nAccept: */*").as_bytes(), 5, 5 + good.len()), "{good}");
        }
        for bad in ["a b", "a/b", "a@b", "a:b", "a:1:2", "[::1", "[]", "a,b", "a%2", "a%zz", "[::1]x", "a\"", ":x"] {
            let comma_is_a_sub_delim = bad == "a,b";
            assert_eq!(is_host_field(bad.as_bytes(), 0, bad.len()), comma_is_a_sub_delim, "{bad}");
        }
    }

    #[test]
    fn targets_fit_their_method() {
        use Rule::*;
        type Parts<'b> = (TargetForm, &'b str, Option<&'b str>);
        let cases: [(Method<'_>, &str, Result<Parts<'_>, Rule>); 13] = [
            (Method::Get, "/", Ok((TargetForm::Origin, "/", None))),
            (Method::Get, "/a?", Ok((TargetForm::Origin, "/a", Some("")))),
            (Method::Get, "//a?b?c", Ok((TargetForm::Origin, "//a", Some("b?c")))),
            (Method::Get, "http://a/b?c", Ok((TargetForm::Absolute, "/b", Some("c")))),
            (Method::Get, "HTTPS://a:1?c", Ok((TargetForm::Absolute, "/", Some("c")))),
            (Method::Options, "*", Ok((TargetForm::Asterisk, "*", None))),
            (Method::Connect, "a:1", Ok((TargetForm::Authority, "", None))),
            (Method::Connect, "a", Err(MismatchedTarget)),
            (Method::Connect, "/", Err(MismatchedTarget)),
            (Method::Get, "*", Err(MismatchedTarget)),
            (Method::Get, "a:1", Err(InvalidTarget)),
            (Method::Get, "http://u@a/", Err(InvalidTarget)),
            (Method::Get, "http:///", Err(InvalidTarget)),
        ];
        for (method, raw, expected) in cases {
            let got =
                Target::parse(method, raw.as_bytes()).map(|target| (target.form(), target.path(), target.query()));
            let expected = expected.map(|(form, path, query)| (form, path.as_bytes(), query.map(str::as_bytes)));
            assert_eq!(got, expected, "{raw}");
        }
    }
}
