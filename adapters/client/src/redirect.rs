//! Where a redirect leads, and with what (RFC 9110 §15.4).

use wirenut::http::Status;

use crate::error::{Cause, Error, Phase};
use crate::url::{Scheme, Url};

/// Which redirects are followed: those of the statuses 301, 302, 303, 307 and 308 with a Location field. After 303 the
/// request becomes a GET without content, unless it was a HEAD; after 301 and 302 a POST does. Otherwise method and content
/// stay the same. A Location that is no URI reference of RFC 3986, such as one with a blank, is an error.
///
/// ```
/// use wirenut_client::Redirects;
/// assert_eq!(Redirects::OFF.limit, None);
/// assert_eq!(Redirects::default().limit, Some(10));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redirects {
    /// How many are followed; one more is an error. `None`: none is, and the answer that redirects is the response.
    ///
    /// Default: `Some(10)`.
    pub limit: Option<u8>,
    /// May one lead from `https` to `http`?
    ///
    /// Default: `false`.
    pub may_leave_tls: bool,
}

impl Redirects {
    /// Ten, none of them away from TLS.
    pub const DEFAULT: Self = Self { limit: Some(10), may_leave_tls: false };
    /// None.
    pub const OFF: Self = Self { limit: None, ..Self::DEFAULT };
}

impl Default for Redirects {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The request that follows a redirect: see [`Redirects::follow`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Redirect {
    /// Where it leads.
    pub url: Url,
    /// The request is a GET from now on, without content and the fields that describe it.
    pub becomes_get: bool,
    /// Credentials stay behind.
    pub leaves_origin: bool,
}

impl Redirects {
    /// What follows an answer with this status and Location field, or none if that is the response. `followed` redirects were
    /// before it.
    ///
    /// ```
    /// use wirenut::http::Status;
    /// use wirenut_client::{Redirects, Url};
    /// let url: Url = "http://a.example/b".parse()?;
    /// let answer = (Status::SEE_OTHER, Some(&b"//b.example/c"[..]));
    /// let next = Redirects::DEFAULT.follow(answer, b"POST", &url, 0)?.unwrap();
    /// assert_eq!(next.url.to_string(), "http://b.example/c");
    /// assert!(next.becomes_get && next.leaves_origin);
    /// # Ok::<(), wirenut_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// It leads where it must not, or nowhere, or is one too many: [`Phase::Redirect`].
    pub fn follow(
        self,
        answer: (Status, Option<&[u8]>),
        method: &[u8],
        url: &Url,
        followed: u8,
    ) -> Result<Option<Redirect>, Error> {
        self.next(answer, method, url, followed).map_err(|cause| Error::new(Phase::Redirect, url, cause))
    }

    fn next(
        self,
        (status, location): (Status, Option<&[u8]>),
        method: &[u8],
        url: &Url,
        followed: u8,
    ) -> Result<Option<Redirect>, Cause> {
        let (Some(limit), Some(location)) = (self.limit, location) else { return Ok(None) };
        let becomes_get = match status.code() {
            // As all clients do; the RFC allows it.
            301 | 302 => method == b"POST",
            303 => !matches!(method, b"GET" | b"HEAD"),
            307 | 308 => false,
            _ => return Ok(None),
        };
        if followed >= limit {
            return Err(Cause::TooManyRedirects(limit));
        }
        let next = url.join(location).map_err(Error::into_cause)?;
        if url.scheme() == Scheme::Https && next.scheme() == Scheme::Http && !self.may_leave_tls {
            return Err(Cause::RefusedRedirect("it leads from https to http"));
        }
        Ok(Some(Redirect { becomes_get, leaves_origin: !next.is_same_origin(url), url: next }))
    }
}

/// Does this field stay behind where a redirect leaves the origin?
pub(crate) fn is_credential(name: &str) -> bool {
    is_one_of(name, &["authorization", "cookie", "proxy-authorization"])
}

/// Does this field describe the content, which a request that becomes GET has no longer?
pub(crate) fn describes_content(name: &str) -> bool {
    let fields =
        ["content-type", "content-encoding", "content-language", "content-location", "content-digest", "digest"];
    is_one_of(name, &fields)
        || is_one_of(name, &["last-modified", "content-disposition", "content-range", "repr-digest"])
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method, status, Location: where it leads, whether it becomes GET, whether it leaves the origin.
    type Case<'c> = (&'c str, u16, &'c str, Option<(&'c str, bool, bool)>);

    #[test]
    fn where_they_lead() {
        let base: Url = "https://a.example/b/c?d".parse().unwrap();
        let cases: [Case<'_>; 16] = [
            ("GET", 301, "/x", Some(("https://a.example/x", false, false))),
            ("GET", 302, "x", Some(("https://a.example/b/x", false, false))),
            ("HEAD", 302, "?x", Some(("https://a.example/b/c?x", false, false))),
            ("POST", 301, "/x", Some(("https://a.example/x", true, false))),
            ("POST", 302, "/x", Some(("https://a.example/x", true, false))),
            ("PUT", 302, "/x", Some(("https://a.example/x", false, false))),
            ("PUT", 303, "/x", Some(("https://a.example/x", true, false))),
            ("HEAD", 303, "/x", Some(("https://a.example/x", false, false))),
            ("POST", 307, "/x", Some(("https://a.example/x", false, false))),
            ("POST", 308, "/x", Some(("https://a.example/x", false, false))),
            ("GET", 302, "//b.example/", Some(("https://b.example/", false, true))),
            ("GET", 302, "https://a.example:444/", Some(("https://a.example:444/", false, true))),
            ("GET", 302, "https://A.example:443/", Some(("https://a.example/", false, false))),
            ("GET", 300, "/x", None),
            ("GET", 304, "/x", None),
            ("GET", 200, "/x", None),
        ];
        for (method, status, location, expected) in cases {
            let answer = (Status::new(status, ""), Some(location.as_bytes()));
            let next = Redirects::DEFAULT.next(answer, method.as_bytes(), &base, 0).unwrap();
            let next = next.map(|next| (next.url.to_string(), next.becomes_get, next.leaves_origin));
            let expected = expected.map(|(url, becomes_get, leaves)| (url.to_owned(), becomes_get, leaves));
            assert_eq!(next, expected, "{method} {status} {location}");
        }
    }

    #[test]
    fn what_is_not_followed() {
        let base: Url = "https://a.example/".parse().unwrap();
        let next = |policy: Redirects, location: Option<&str>, followed| {
            policy.next((Status::new(302, ""), location.map(str::as_bytes)), b"GET", &base, followed)
        };
        assert_eq!(next(Redirects::OFF, Some("/"), 0).unwrap(), None);
        assert_eq!(next(Redirects::DEFAULT, None, 0).unwrap(), None);
        assert!(matches!(next(Redirects::DEFAULT, Some("/"), 10), Err(Cause::TooManyRedirects(10))));
        assert!(matches!(next(Redirects::DEFAULT, Some("http://a.example/"), 0), Err(Cause::RefusedRedirect(_))));
        assert!(matches!(next(Redirects::DEFAULT, Some("file:///etc/passwd"), 0), Err(Cause::Other(_))));
        assert!(matches!(next(Redirects::DEFAULT, Some("/ x"), 0), Err(Cause::InvalidUrl(_))));
        let lax = Redirects { may_leave_tls: true, ..Redirects::DEFAULT };
        assert!(next(lax, Some("http://a.example/"), 0).unwrap().unwrap().leaves_origin);
    }
}
