//! The request target (RFC 9112 §3.2) and the authority in it and in the Host field (RFC 3986 §3.2).

use crate::bytes;
use crate::http::error::Rule;
use crate::http::grammar::machine::Machine;
use crate::http::method::Method;

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
    pub fn parse(method: Method<'_>, raw: &'b [u8]) -> Result<Self, Rule> {
        Machine::check_target(method, raw)?;
        Ok(Self::validated(method, raw))
    }

    /// One that the grammar has accepted.
    pub(super) fn validated(method: Method<'_>, raw: &'b [u8]) -> Self {
        let form = match (raw, method) {
            (_, Method::Connect) => TargetForm::Authority,
            ([b'/', ..], _) => TargetForm::Origin,
            ([b'*', ..], _) => TargetForm::Asterisk,
            _ => TargetForm::Absolute,
        };
        Self { raw, form }
    }

    /// A path that was accepted, and perhaps a query.
    #[cfg(feature = "quick")]
    #[inline(always)]
    pub(super) const fn origin(raw: &'b [u8]) -> Self {
        Self { raw, form: TargetForm::Origin }
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
        let path = hier.get(..bytes::query_mark(hier)).unwrap_or(hier);
        if path.is_empty() && self.form == TargetForm::Absolute { b"/" } else { path }
    }

    /// What follows the first `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'b [u8]> {
        let hier = self.path_and_query();
        hier.get(bytes::query_mark(hier).wrapping_add(1)..)
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

/// Takes `scheme "://" authority path-abempty [ "?" query ]` apart: authority, and what follows it.
fn absolute(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let scheme_end = raw.iter().position(|&byte| byte == b':')?;
    let rest = raw.get(scheme_end.checked_add(3)?..)?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    rest.split_at_checked(end)
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
            assert!(Machine::is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "a b",
            "a/b",
            "a?b",
            "a@b",
            "a:b",
            "a:1:2",
            "[::1",
            "[]",
            "[:]",
            "[::1::2]",
            "[12345::1]",
            "[1.2.3.4]",
            "[v1.a]",
            "[::1%25lo]",
            "a\r",
            "a\r\nB: c",
            "\t",
            "a%2",
            "a%zz",
            "[::1]x",
            "a\"",
            ":x",
            ":80",
            "a:65536",
            "a:99999999999999999999",
            "a ",
            " a",
        ] {
            assert!(!Machine::is_host(bad.as_bytes()), "{bad}");
        }
        for good in ["a,b", "a:65535", "a:000080", "[1:2:3:4:5:6:7:8]:1", "[::ffff:1.2.3.4]"] {
            assert!(Machine::is_host(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn targets_fit_their_method() {
        use Rule::*;
        type Parts<'b> = (TargetForm, &'b str, Option<&'b str>);
        let cases: [(Method<'_>, &str, Result<Parts<'_>, Rule>); 20] = [
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
            (Method::Get, "", Err(InvalidTarget)),
            (Method::Get, "/ x", Err(InvalidTarget)),
            (Method::Get, "/ HTTP/1.1\r\nA", Err(InvalidTarget)),
            (Method::Options, "* HTTP/9.1", Err(InvalidTarget)),
            (Method::Connect, "a:1 HTTP/1.1", Err(InvalidTarget)),
            (Method::Get, "/\u{e9}", Err(InvalidTarget)),
            (Method::Get, "/\r\n", Err(InvalidTarget)),
        ];
        for (method, raw, expected) in cases {
            let got =
                Target::parse(method, raw.as_bytes()).map(|target| (target.form(), target.path(), target.query()));
            let expected = expected.map(|(form, path, query)| (form, path.as_bytes(), query.map(str::as_bytes)));
            assert_eq!(got, expected, "{raw}");
        }
    }
}
