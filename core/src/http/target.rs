//! The request target (RFC 9112 §3.2) and the authority in it and in the Host field (RFC 3986 §3.2).

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while1};
use nom::character::complete::{char, digit0};
use nom::combinator::{all_consuming, opt, recognize, rest};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

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

/// A request target, taken apart and not decoded: percent-encoding stands as it came.
///
/// ```
/// use wirenut::http::{Method, Target, TargetForm};
/// let target = Target::parse(Method::Get, b"/a?b=c").unwrap();
/// assert_eq!((target.path, target.query), (&b"/a"[..], Some(&b"b=c"[..])));
/// let target = Target::parse(Method::Get, b"http://example.org").unwrap();
/// assert_eq!((target.form, target.path), (TargetForm::Absolute, &b"/"[..]));
/// assert!(Target::parse(Method::Get, b"*").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Target<'b> {
    /// The whole target as it came.
    pub raw: &'b [u8],
    /// Which form it has.
    pub form: TargetForm,
    /// Host and optional port, in absolute and authority form.
    pub authority: Option<&'b [u8]>,
    /// The path: begins with `/`, except that it is `*` in asterisk form and empty in authority form.
    pub path: &'b [u8],
    /// What follows the first `?`.
    pub query: Option<&'b [u8]>,
}

impl<'b> Target<'b> {
    /// Takes a target apart, in the form that the method allows.
    ///
    /// # Errors
    /// [`Rule::InvalidTarget`] where no form fits, [`Rule::MismatchedTarget`] where it is not one for this method.
    pub fn parse(method: Method<'_>, raw: &'b [u8]) -> Result<Self, Rule> {
        let form = |form, authority, path, query| Ok(Self { raw, form, authority, path, query });
        if method == Method::Connect {
            return match authority_with_port(raw) {
                true => form(TargetForm::Authority, Some(raw), &[], None),
                false => Err(Rule::MismatchedTarget),
            };
        }
        match raw {
            [b'/', ..] => {
                let (path, query) = split_query(raw);
                form(TargetForm::Origin, None, path, query)
            }
            b"*" if method == Method::Options => form(TargetForm::Asterisk, None, raw, None),
            b"*" => Err(Rule::MismatchedTarget),
            _ => {
                let (_, (authority, hier)) = absolute(raw).map_err(|_| Rule::InvalidTarget)?;
                let (path, query) = split_query(hier);
                form(TargetForm::Absolute, Some(authority), if path.is_empty() { b"/" } else { path }, query)
            }
        }
    }

    /// Does the Host field name the authority of this target? In origin and asterisk form there is nothing to agree
    /// with. RFC 9112 §3.2 has the client send the same authority in both; two parsers would follow different ones.
    pub(crate) fn agrees_with(&self, host: &[u8]) -> bool {
        self.authority.is_none_or(|authority| authority.eq_ignore_ascii_case(host))
    }
}

fn split_query(hier: &[u8]) -> (&[u8], Option<&[u8]>) {
    match hier.split_at_checked(scan::query_mark(hier)).filter(|(_, query)| !query.is_empty()) {
        Some((path, query)) => (path, query.get(1..)),
        None => (hier, None),
    }
}

type Parsed<'b, T> = IResult<&'b [u8], T>;

/// `scheme "://" authority path-abempty [ "?" query ]`; user information is refused (RFC 9110 §4.2.4).
fn absolute(raw: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let scheme = terminated(alt((tag_no_case("https"), tag_no_case("http"))), tag("://"));
    let hier = alt((recognize((char('/'), rest)), recognize((char('?'), rest)), nom::combinator::eof));
    preceded(scheme, (recognize((host, port)), hier)).parse(raw)
}

/// `uri-host`, not empty.
fn host(bytes: &[u8]) -> Parsed<'_, &[u8]> {
    let ip_literal = delimited(
        char('['),
        take_while1(|byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'),
        char(']'),
    );
    alt((recognize(ip_literal), reg_name)).parse(bytes)
}

/// A registered name or an IPv4 address, not empty; a percent sign is followed by two hexadecimal digits.
fn reg_name(bytes: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, name) = take_while1(scan::is_reg_name).parse(bytes)?;
    let mut escapes = name.split(|&byte| byte == b'%').skip(1);
    if escapes.all(|after| matches!(after, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())) {
        return Ok((rest, name));
    }
    Err(nom::Err::Error(nom::error::Error::new(bytes, nom::error::ErrorKind::Verify)))
}

fn port(bytes: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    opt(preceded(char(':'), digit0)).parse(bytes)
}

fn authority_with_port(bytes: &[u8]) -> bool {
    all_consuming((host, char(':'), take_while1(|byte: u8| byte.is_ascii_digit()))).parse(bytes).is_ok()
}

/// Is this what a Host field may say (RFC 9110 §7.2): nothing, or a host and perhaps a port?
pub(crate) fn is_host_field(value: &[u8]) -> bool {
    is_plain_host(value) || all_consuming((host, port)).parse(value).is_ok()
}

/// Most hosts are names without escapes, perhaps with a port; whatever else there is goes through the grammar.
fn is_plain_host(value: &[u8]) -> bool {
    let name_length = scan::plain_name_end(value);
    match value.get(name_length..) {
        Some([]) => true,
        Some([b':', port @ ..]) => name_length > 0 && port.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(is_host_field(good.as_bytes()), "{good}");
        }
        for bad in ["a b", "a/b", "a@b", "a:b", "a:1:2", "[::1", "[]", "a,b", "a%2", "a%zz", "[::1]x", "a\"", ":x"] {
            let comma_is_a_sub_delim = bad == "a,b";
            assert_eq!(is_host_field(bad.as_bytes()), comma_is_a_sub_delim, "{bad}");
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
            let got = Target::parse(method, raw.as_bytes()).map(|target| (target.form, target.path, target.query));
            let expected = expected.map(|(form, path, query)| (form, path.as_bytes(), query.map(str::as_bytes)));
            assert_eq!(got, expected, "{raw}");
        }
    }
}
