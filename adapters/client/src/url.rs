//! URLs: what is asked, and where.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

use wirenut::http::{PercentEncoded, UriReference};

use crate::error::{Cause, Error, Phase};

/// What is spoken below HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// `http`: over TCP, port 80.
    Http,
    /// `https`: over TLS, port 443.
    Https,
}

impl Scheme {
    /// The port of a URL that names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// An absolute `http` or `https` URL (RFC 9110 §4.2), as RFC 3986 has them: what browsers repair is refused. Dot segments
/// are removed (RFC 3986 §5.2.4), and the fragment is forgotten.
///
/// ```
/// use wirenut_client::{Scheme, Url};
/// let url: Url = "http://me:secret@Example.org:8080/a/../b?c#d".parse()?;
/// assert_eq!((url.scheme(), url.host(), url.port(), url.target()), (Scheme::Http, "example.org", 8080, "/b?c"));
/// assert_eq!(url.to_string(), "http://example.org:8080/b?c"); // never the password
/// let error = "example.org/x".parse::<Url>().unwrap_err();
/// assert_eq!(error.to_string(), "cannot use example.org/x: the URL begins with neither http:// nor https://");
/// # Ok::<(), wirenut_client::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    /// In small letters, of IPv6 with its brackets.
    host: Box<str>,
    port: u16,
    /// Path and query; begins with a slash.
    target: Box<str>,
    /// Without its `@`, and as it stood there.
    user_info: Option<Box<str>>,
}

impl Url {
    /// What is spoken below HTTP.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, in small letters; of IPv6 with its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, as the request names them.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The host as an address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        without_brackets(&self.host).parse().ok()
    }

    /// Do both name the same origin (RFC 9110 §4.3.1)? Credentials for one are not for another.
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }

    /// Reads a reference relative to this URL (RFC 3986 §5.2), such as the value of a Location field.
    ///
    /// ```
    /// use wirenut_client::Url;
    /// let url: Url = "http://a.example/b/c?d".parse()?;
    /// assert_eq!(url.join(b"../e")?.to_string(), "http://a.example/e");
    /// assert_eq!(url.join(b"//b.example:81")?.to_string(), "http://b.example:81/");
    /// # Ok::<(), wirenut_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is no reference, or leads to another scheme than `http` and `https`.
    pub fn join(&self, reference: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(reference);
        read_relative(&self.to_string(), reference).map_err(|cause| Error::new(Phase::Prepare, shown(&text), cause))
    }

    /// Takes it away, for one that is not needed any more.
    pub(crate) fn take(&mut self) -> Self {
        let nowhere = Self { scheme: self.scheme, host: "".into(), port: 0, target: "".into(), user_info: None };
        core::mem::replace(self, nowhere)
    }

    /// Host and port, the port only where it is not the scheme's own: what the Host field says.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.default_port() { self.host.to_string() } else { self.host_and_port() }
    }

    /// Host and port: what CONNECT asks for.
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The host as the resolver and TLS know it.
    pub(crate) fn host_name(&self) -> &str {
        without_brackets(&self.host)
    }

    /// User and password, decoded.
    pub(crate) fn credentials(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.user_info.as_deref().map(credentials)
    }
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// User and password out of user information; without a colon the password is empty.
pub(crate) fn credentials(user_info: &str) -> (Vec<u8>, Vec<u8>) {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let decode = |part: &str| {
        let mut room = vec![0; part.len()];
        // It was checked with the rest of the URL.
        PercentEncoded::new(part.as_bytes()).decode(&mut room).map(<[u8]>::to_vec).unwrap_or_default()
    };
    (decode(user), decode(password))
}

fn read(text: &str) -> Result<Url, Cause> {
    let has_scheme =
        text.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !has_scheme {
        return Err(Cause::Other("the URL begins with neither http:// nor https://"));
    }
    read_relative(text, text.as_bytes())
}

/// Resolves, so that dot segments are gone, and takes apart.
fn read_relative(base: &str, reference: &[u8]) -> Result<Url, Cause> {
    let base = UriReference::parse(base.as_bytes()).map_err(Cause::InvalidUrl)?;
    let reference = UriReference::parse(reference).map_err(Cause::InvalidUrl)?;
    let mut room = vec![0; base.as_str().len() + reference.as_str().len() + 3];
    let uri = base.resolve(&reference, &mut room).map_err(Cause::InvalidUrl)?;
    let scheme = match uri.scheme() {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
        _ => return Err(Cause::Other("the URL begins with neither http:// nor https://")),
    };
    let host = uri.host().unwrap_or_default();
    if host.is_empty() {
        return Err(Cause::Other("the URL names no host"));
    }
    if host.starts_with('[') && without_brackets(host).parse::<Ipv6Addr>().is_err() {
        return Err(Cause::Other("what stands in brackets is no IPv6 address"));
    }
    let port = match uri.port() {
        None | Some("") => scheme.default_port(),
        Some(port) => port.parse().map_err(|_| Cause::Other("the port is above 65535"))?,
    };
    if port == 0 {
        return Err(Cause::Other("the port is 0"));
    }
    let user_info =
        uri.authority().and_then(|authority| authority.rsplit_once('@')).map(|(user_info, _)| user_info.into());
    let slash = if uri.path().starts_with('/') { "" } else { "/" };
    let target = match uri.query() {
        Some(query) => format!("{slash}{}?{query}", uri.path()),
        None => format!("{slash}{}", uri.path()),
    };
    Ok(Url { scheme, host: host.to_ascii_lowercase().into(), port, target: target.into(), user_info })
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        read(text).map_err(|cause| Error::new(Phase::Prepare, shown(text), cause))
    }
}

/// An error must not show a password. A password may hold the signs that end an authority, and then the text is no URL, so
/// all that stands before the last `@` is hidden, but for the scheme.
fn shown(text: &str) -> String {
    let Some(at) = text.rfind('@') else { return text.to_owned() };
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    format!("{}…{}", scheme.unwrap_or_default(), &text[at..])
}

/// Without user and password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority(), self.target)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// What a request can be made for: a [`Url`], or text that is read as one when the request is sent.
pub trait IntoUrl {
    /// The URL.
    ///
    /// # Errors
    /// The text is none.
    fn into_url(self) -> Result<Url, Error>;
}

impl IntoUrl for Url {
    fn into_url(self) -> Result<Url, Error> {
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self) -> Result<Url, Error> {
        Ok(self.clone())
    }
}

impl IntoUrl for &str {
    fn into_url(self) -> Result<Url, Error> {
        self.parse()
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url, Error> {
        self.parse()
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url, Error> {
        self.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A URL that is shown is read as the same, but for the password; and a reference to itself leads to itself.
        #[test]
        fn what_is_shown_is_the_same_url(text in "https?://[a-z0-9.%\\[\\]:@-]{1,12}[/?#a-z0-9.%]{0,20}") {
            if let Ok(url) = text.parse::<Url>() {
                let again: Url = url.to_string().parse().unwrap();
                prop_assert_eq!(&Url { user_info: None, ..url.clone() }, &again);
                prop_assert_eq!(url.join(url.to_string().as_bytes()).unwrap(), again);
            }
        }

        /// Whatever a server says in Location, the answer is a URL or an error.
        #[test]
        fn any_reference_is_read_without_a_panic(reference in proptest::collection::vec(any::<u8>(), 0..40)) {
            let base: Url = "http://a/b?c".parse().unwrap();
            if let Ok(url) = base.join(&reference) {
                prop_assert!(url.target().starts_with('/') && !url.host().is_empty());
            }
        }
    }

    #[test]
    fn what_is_a_url() {
        for (text, shown, host_and_port) in [
            ("http://a", "http://a/", "a:80"),
            ("HTTPS://A?b", "https://a/?b", "a:443"),
            ("http://a:/", "http://a/", "a:80"),
            ("http://[::1]:8080/x/./y/../z", "http://[::1]:8080/x/z", "[::1]:8080"),
            ("http://u:p%40@a:80/#f", "http://a/", "a:80"),
            ("http://a/%2e/b//c", "http://a/%2e/b//c", "a:80"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!((url.to_string().as_str(), url.host_and_port().as_str()), (shown, host_and_port), "{text}");
        }
        let url: Url = "http://u:p%40:q@a/".parse().unwrap();
        assert_eq!(url.credentials(), Some((b"u".to_vec(), b"p@:q".to_vec())));
        assert_eq!("http://[::1]/".parse::<Url>().unwrap().address(), Some("::1".parse().unwrap()));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "a",
            "a:80",
            "/a",
            "ftp://a/",
            "http:a",
            "http:///x",
            "http://:80/",
            "http://a:65536/",
            "http://a:0/",
            "http://a b/",
            "http://é/",
            "http://a/\r\nX: y",
            "http://[::1/",
            "http://[v1.x]/",
            "http://[fe80::1%25lo]/",
            "file:///etc/passwd",
        ] {
            let error = text.parse::<Url>().unwrap_err();
            assert_eq!(error.phase(), Phase::Prepare, "{text}");
        }
        let error = "http://me:secret@a b/".parse::<Url>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
