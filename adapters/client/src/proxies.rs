//! Which proxy a URL goes through, by curl's rules.

use core::fmt;
use core::net::IpAddr;
use std::env;

use wirenut::http::{BasicCredentials, Network, UriReference};

use crate::error::{Cause, Error, Phase};
use crate::url::{Scheme, Url, credentials};

/// The port of a proxy that names none: curl's.
const DEFAULT_PORT: u16 = 1080;

/// An HTTP proxy: requests for `http` go to it as they are (absolute form, RFC 9112 §3.2.2), those for `https`, and those with an
/// Upgrade field, through a tunnel (CONNECT, RFC 9110 §9.3.6).
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Without the brackets of IPv6.
    host: Box<str>,
    port: u16,
    /// The value of Proxy-Authorization.
    authorization: Option<Box<[u8]>>,
}

impl Proxy {
    /// Reads a proxy's URL: `http://user:password@host:port`. Scheme, user and port may be missing; the port is 1080 then,
    /// as with curl.
    ///
    /// ```
    /// use wirenut_client::Proxy;
    /// let proxy = Proxy::parse("http://me:secret@proxy.example:3128/")?;
    /// assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
    /// assert_eq!(Proxy::parse("[::1]")?.port(), 1080);
    /// assert!(Proxy::parse("socks5://proxy.example").is_err());
    /// # Ok::<(), wirenut_client::Error>(())
    /// ```
    ///
    /// # Errors
    /// It does not parse, or is of another kind: SOCKS, or a proxy that is spoken to over TLS.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // Without the text, which may hold a password.
        read(text).map_err(|cause| Error::new(Phase::Prepare, "the proxy", cause))
    }

    /// The host, of IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn authorization(&self) -> Option<&[u8]> {
        self.authorization.as_deref()
    }
}

/// Without user and password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

fn read(text: &str) -> Result<Proxy, Cause> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let uri = UriReference::parse(with_scheme.as_bytes()).map_err(Cause::InvalidUrl)?;
    if !uri.scheme().is_some_and(|scheme| scheme.eq_ignore_ascii_case("http")) {
        return Err(Cause::Other("only HTTP proxies are supported: http://host:port"));
    }
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(Cause::Other("it names no host"));
    }
    let port = match uri.port() {
        None | Some("") => DEFAULT_PORT,
        Some(port) => port.parse().map_err(|_| Cause::Other("its port is above 65535"))?,
    };
    let user_info = uri.authority().and_then(|authority| authority.rsplit_once('@'));
    let authorization = user_info.map(|(user_info, _)| basic(&credentials(user_info))).transpose()?;
    Ok(Proxy { host: host.to_ascii_lowercase().into(), port, authorization })
}

/// The value of an Authorization or Proxy-Authorization field.
pub(crate) fn basic((user, password): &(Vec<u8>, Vec<u8>)) -> Result<Box<[u8]>, Cause> {
    let mut room = vec![0; 2 * (user.len() + password.len()) + 16];
    let value = BasicCredentials { user, password }.write(&mut room).map_err(Cause::InvalidUrl)?;
    Ok(value.into())
}

/// Which proxy a URL goes through.
///
/// ```
/// use wirenut_client::Proxies;
/// let proxies = Proxies::from_variables(|name| match name {
///     "http_proxy" => Some("proxy.example:3128".to_owned()),
///     "no_proxy" => Some("localhost, .internal, 10.0.0.0/8".to_owned()),
///     _ => None,
/// });
/// assert!(proxies.for_url(&"http://example.org/".parse()?)?.is_some());
/// assert!(proxies.for_url(&"https://example.org/".parse()?)?.is_none());
/// assert!(proxies.for_url(&"http://db.internal/".parse()?)?.is_none());
/// assert!(proxies.for_url(&"http://10.1.2.3/".parse()?)?.is_none());
/// # Ok::<(), wirenut_client::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<Setting>,
    https: Option<Setting>,
    no_proxy: Box<str>,
}

/// Text that is read when a URL needs it, so that an invalid proxy does not fail URLs that are reached without one.
#[derive(Clone)]
struct Setting {
    text: Box<str>,
    proxy: Option<Proxy>,
}

impl Setting {
    fn new(text: String) -> Self {
        Self { proxy: read(&text).ok(), text: text.into() }
    }
}

/// Without what may be a password.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.proxy.fmt(f)
    }
}

impl Proxies {
    /// No proxy for any URL.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One proxy for all URLs.
    #[must_use]
    pub fn all(proxy: &Proxy) -> Self {
        let setting = Setting { text: "".into(), proxy: Some(proxy.clone()) };
        Self { http: Some(setting.clone()), https: Some(setting), no_proxy: "".into() }
    }

    /// What the environment says: see [`Self::from_variables`].
    #[must_use]
    pub fn from_env() -> Self {
        // A variable that is not UTF-8 holds no URL. It fails the requests that need it, and does not count as missing.
        Self::from_variables(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// What these variables say, which have curl's meaning:
    ///
    /// | variable | for |
    /// |---|---|
    /// | `http_proxy` | `http` URLs. Not `HTTP_PROXY`, which a request can set in a CGI program |
    /// | `https_proxy`, else `HTTPS_PROXY` | `https` URLs |
    /// | `all_proxy`, else `ALL_PROXY` | those for which the above say nothing |
    /// | `no_proxy`, else `NO_PROXY` | the hosts that are reached without one |
    ///
    /// An empty variable is none. `no_proxy` is `*`, for all hosts, or a list of names and addresses, separated by commas,
    /// with blanks around them. Blanks without a comma end the list, so what follows them does not count, as with curl. A
    /// name stands for itself and for all names that end in it after a dot; a dot in front of it changes nothing. An address
    /// may have the length of a prefix behind it (`10.0.0.0/8`, `fd00::/8`).
    #[must_use]
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let all = || first(&["all_proxy", "ALL_PROXY"]);
        Self {
            http: first(&["http_proxy"]).or_else(all).map(Setting::new),
            https: first(&["https_proxy", "HTTPS_PROXY"]).or_else(all).map(Setting::new),
            no_proxy: first(&["no_proxy", "NO_PROXY"]).unwrap_or_default().into(),
        }
    }

    /// The same, with this list of hosts that are reached without a proxy, in place of the former.
    #[must_use]
    pub fn except(self, no_proxy: &str) -> Self {
        Self { no_proxy: no_proxy.into(), ..self }
    }

    /// The proxy for a URL. None: it is reached without one.
    ///
    /// # Errors
    /// The proxy for it does not parse, or is of a kind that is not supported: see [`Proxy::parse`]. To go past it in silence
    /// could show to a network what the proxy was to hide.
    pub fn for_url(&self, url: &Url) -> Result<Option<&Proxy>, Error> {
        let setting = match url.scheme() {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        };
        match setting {
            Some(_) if is_excepted(&self.no_proxy, url.host_name()) => Ok(None),
            Some(Setting { proxy: Some(proxy), .. }) => Ok(Some(proxy)),
            Some(Setting { proxy: None, text }) => Proxy::parse(text).map(|_| None),
            None => Ok(None),
        }
    }
}

/// Does the list name this host?
fn is_excepted(no_proxy: &str, host: &str) -> bool {
    if no_proxy == "*" {
        return true;
    }
    match host.parse::<IpAddr>() {
        Ok(address) => entries(no_proxy).any(|entry| is_in(entry, address)),
        Err(_) => entries(no_proxy).any(|entry| ends_in(host, entry)),
    }
}

/// The entries of the list. Where anything but a comma follows the blanks behind one, the list ends, as curl's does.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    let mut is_over = false;
    let parts = list.split(',').map(|part| part.trim_matches([' ', '\t'])).filter(|part| !part.is_empty());
    parts.map_while(move |part| {
        let entry = part.split([' ', '\t']).next().filter(|_| !is_over);
        is_over |= entry != Some(part);
        entry
    })
}

/// Is the entry this address, or a network in which it lies? As for curl, an address of IPv4 that is mapped into IPv6 is one of
/// IPv6.
fn is_in(entry: &str, address: IpAddr) -> bool {
    let entry = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    if Network::parse(entry.as_bytes()).is_err() {
        return false;
    }
    let (network, length) = entry.split_once('/').unwrap_or((entry, "128"));
    let length = length.parse().unwrap_or(u32::MAX);
    match (network.parse(), address) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).leading_zeros() >= length.min(32)
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).leading_zeros() >= length
        }
        _ => false,
    }
}

/// Is the name the entry, or one below it? A dot at the end of either, and one at the front of the entry, mean nothing.
fn ends_in<'n>(host: &'n str, entry: &'n str) -> bool {
    let without_dot = |name: &'n str| name.strip_suffix('.').unwrap_or(name);
    let (host, entry) = (without_dot(host), without_dot(entry));
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    let Some(at) = host.len().checked_sub(entry.len()).filter(|_| !entry.is_empty()) else { return false };
    let (before, end) = host.as_bytes().split_at(at);
    end.eq_ignore_ascii_case(entry.as_bytes()) && (before.is_empty() || before.ends_with(b"."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_variables(|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).into())
        })
    }

    /// As curl answers.
    #[test]
    fn which_hosts_are_excepted() {
        for (no_proxy, host, expected) in [
            ("", "a", false),
            ("*", "a", true),
            (" * ", "a", false),
            ("*,b", "a", false),
            ("*.a", "b.a", false),
            ("example.com", "example.com", true),
            ("example.com", "EXAMPLE.COM", true),
            ("example.com", "www.example.com", true),
            (".example.com", "www.example.com", true),
            (".example.com", "example.com", true),
            ("example.com", "nonexample.com", false),
            ("www.example.com", "example.com", false),
            ("example.com.", "example.com", true),
            ("example.com", "example.com.", true),
            ("a,b c,d", "b", true),
            ("a,b c,d", "c", false),
            ("a,b c,d", "d", false),
            ("a ,\tb\t,c", "c", true),
            ("a,,,,,   b, ::1/64", "B", true),
            ("a, b", "b", true),
            (",, ,", "a", false),
            (".", "a", false),
            ("localhost", "127.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("0.0.1", "127.0.0.1", false),
            ("192.168.0.0/16", "192.168.99.1", true),
            ("192.168.0.0/16", "192.169.0.1", false),
            ("192.168.0.0/33", "192.168.0.0", false),
            ("192.168.0.1/", "192.168.0.1", false),
            ("192.168.0.0/16 ", "192.168.0.1", true),
            ("192.168.0.0/ 16", "192.168.0.1", false),
            ("192.168.0.0/16a", "192.168.0.1", false),
            ("192.168.0.0/a16", "192.168.0.1", false),
            ("192.168.0.1/32", "192.168.0.1", true),
            ("192.168.0.0", "192.168.0.1", false),
            ("foo, bar, 192.168.0.0/16", "192.168.1.1", true),
            ("127.0.0.1/28,localhost,", "127.0.0.1", true),
            ("2001:db8::/65", "2001:db8:8000::1", false),
            ("2001:db8::/65", "2001:db8::1", true),
            ("2001:db8::/65", "2001:db8:0:0:8000::1", false),
            ("::1/129", "::1", false),
            ("::1/127a", "::1", false),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("10.0.0.0/8", "ten.example", false),
            ("10.0.0.1, 10.0.0.0/8", "::ffff:10.0.0.1", false),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1", true),
            ("::ffff:10.0.0.0/104", "::ffff:10.0.0.1", true),
            ("::/0", "::ffff:10.0.0.1", true),
            ("::/0", "10.0.0.1", false),
        ] {
            assert_eq!(is_excepted(no_proxy, host), expected, "{no_proxy:?} {host}");
        }
    }

    #[test]
    fn which_variable_counts() {
        type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, Option<&'c str>);
        let cases: [Case<'_>; 12] = [
            (&[], "http://a/", None),
            (&[("http_proxy", "p")], "http://a/", Some("p")),
            (&[("http_proxy", "p")], "https://a/", None),
            // httpoxy: a request with a field "Proxy" sets it in a CGI program.
            (&[("HTTP_PROXY", "p")], "http://a/", None),
            (&[("https_proxy", "p"), ("HTTPS_PROXY", "q")], "https://a/", Some("p")),
            (&[("HTTPS_PROXY", "q")], "https://a/", Some("q")),
            (&[("all_proxy", "p")], "http://a/", Some("p")),
            (&[("ALL_PROXY", "p")], "https://a/", Some("p")),
            (&[("http_proxy", "p"), ("all_proxy", "q")], "http://a/", Some("p")),
            (&[("http_proxy", ""), ("all_proxy", "q")], "http://a/", Some("q")),
            (&[("http_proxy", "p"), ("no_proxy", "b"), ("NO_PROXY", "a")], "http://a/", Some("p")),
            (&[("http_proxy", "p"), ("NO_PROXY", "a")], "http://a/", None),
        ];
        for (variables, url, expected) in cases {
            let proxies = proxies(variables);
            let proxy = proxies.for_url(&url.parse().unwrap()).unwrap();
            assert_eq!(proxy.map(Proxy::host), expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn what_is_a_proxy() {
        for (text, host, port, authorization) in [
            ("a", "a", 1080, None),
            ("http://A:3128", "a", 3128, None),
            ("u:p@a:8080", "a", 8080, Some("Basic dTpw")),
            ("http://u%40:@[::1]:1/path", "::1", 1, Some("Basic dUA6")),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            let read = (proxy.host(), proxy.port(), proxy.authorization());
            assert_eq!(read, (host, port, authorization.map(str::as_bytes)), "{text}");
        }
        for text in ["", "http://", "socks5://a", "https://a", "a:70000", "a b", "u:p@"] {
            let error = proxies(&[("all_proxy", text), ("http_proxy", if text.is_empty() { "://" } else { text })])
                .for_url(&"http://b/".parse().unwrap())
                .unwrap_err();
            assert_eq!(error.phase(), Phase::Prepare, "{text}");
        }
    }

    proptest! {
        /// Whatever the list is: it is read without a panic, and a name that it holds as an entry is excepted.
        #[test]
        fn an_entry_excepts_its_own_name(lists in "[ -~]{0,40}", name in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", sub in "[a-z]{1,5}") {
            let _ = is_excepted(&lists, &name);
            let list = format!("x, {name} ,y");
            let below = format!("{}.{}", sub, name);
            prop_assert!(is_excepted(&list, &name));
            prop_assert!(is_excepted(&list, &below));
        }
    }
}
