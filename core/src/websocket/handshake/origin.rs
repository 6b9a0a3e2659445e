//! Which pages may open a connection (RFC 6455 §10.2).

/// Which pages may open a connection. A browser lets any page try, sends the cookies of the server with it, and says in the
/// field Origin which page it is. So a server that knows its users by cookies must not take every page's connections.
///
/// A request without an Origin comes from a program that is no browser, and is always let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum OriginPolicy<'o> {
    /// Pages of the host and port that the request itself names in Host.
    #[default]
    SameHost,
    /// Pages of these origins, as browsers write them: `https://example.org`, `http://10.0.0.2:8080`; case means nothing.
    /// `null` stands for files and pages in a sandbox.
    OneOf(&'o [&'o str]),
    /// Pages of anybody.
    Any,
}

impl OriginPolicy<'_> {
    /// May a page of this origin open a connection to this host?
    ///
    /// ```
    /// use wirenut::websocket::handshake::OriginPolicy;
    /// assert!(OriginPolicy::SameHost.allows(b"http://hut.local", b"hut.local"));
    /// assert!(!OriginPolicy::SameHost.allows(b"http://evil.example", b"hut.local"));
    /// assert!(OriginPolicy::OneOf(&["https://a.example"]).allows(b"https://A.example", b"b.example"));
    /// ```
    #[must_use]
    pub fn allows(self, origin: &[u8], host: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(origins) => origins.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin)),
            Self::SameHost => is_of_host(origin, host),
        }
    }
}

/// How the origins of a scheme begin, and the port that they mean.
static SCHEMES: [(&[u8], &[u8]); 2] = [(b"http://", b":80"), (b"https://", b":443")];

/// Names the origin this host, with the port that it and the scheme mean?
fn is_of_host(origin: &[u8], host: &[u8]) -> bool {
    SCHEMES.iter().any(|(scheme, port)| {
        let Some((named, authority)) = origin.split_at_checked(scheme.len()) else { return false };
        let (authority, wanted) = (without(authority, port), without(host, port));
        named.eq_ignore_ascii_case(scheme) && !authority.is_empty() && authority.eq_ignore_ascii_case(wanted)
    })
}

/// What stands before such an end, if there is one.
fn without<'b>(bytes: &'b [u8], end: &[u8]) -> &'b [u8] {
    let cut = bytes.split_at_checked(bytes.len().wrapping_sub(end.len()));
    // A second comparison of its own kind would be more code.
    cut.filter(|(_, behind)| behind.eq_ignore_ascii_case(end)).map_or(bytes, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_host_is_the_same_name_and_port() {
        for (origin, host, expected) in [
            ("http://a.example", "a.example", true),
            ("http://A.example", "a.Example", true),
            ("https://a.example", "a.example", true),
            ("http://a.example:8080", "a.example:8080", true),
            ("http://a.example:80", "a.example", true),
            ("http://a.example", "a.example:80", true),
            ("https://a.example", "a.example:443", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://a.example", "a.example:8080", false),
            ("http://a.example:8080", "a.example", false),
            ("https://a.example", "a.example:80", false),
            ("http://a.example:443", "a.example", false),
            ("http://b.example", "a.example", false),
            ("http://a.example.evil.example", "a.example", false),
            ("http://evil-a.example", "a.example", false),
            ("http://a.example/path", "a.example", false),
            ("http://user@a.example", "a.example", false),
            ("file://a.example", "a.example", false),
            ("http://", "", false),
            ("http://:80", "", false),
            ("null", "a.example", false),
            ("", "a.example", false),
            ("a.example", "a.example", false),
        ] {
            assert_eq!(is_of_host(origin.as_bytes(), host.as_bytes()), expected, "{origin} {host}");
        }
    }

    #[test]
    fn a_list_is_compared_whole() {
        let policy = OriginPolicy::OneOf(&["https://a.example", "null"]);
        for (origin, expected) in [
            ("https://a.example", true),
            ("null", true),
            ("http://a.example", false),
            ("https://a.example:8443", false),
        ] {
            assert_eq!(policy.allows(origin.as_bytes(), b"a.example"), expected, "{origin}");
        }
        assert!(OriginPolicy::Any.allows(b"http://evil.example", b"a"));
        assert!(!OriginPolicy::OneOf(&[]).allows(b"http://a", b"a"));
    }
}
