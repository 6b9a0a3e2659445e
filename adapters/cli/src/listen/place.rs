//! The forms that a place to listen at is written in, and the addresses that it stands for.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::FromStr;
use std::ffi::OsStr;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use wirenut_linux::lookup::{self, Transport};

use crate::failure::Failure;
use crate::log::Name;

/// What `--listen` takes, for its errors.
pub const FORMS: &str = "127.0.0.1:8080, [::1]:8080, localhost:8080, :8080, 8080, unix:PATH, fd:NUMBER or fd:NAME";

/// Descriptors below are standard input, output and error.
const FIRST_PASSED: RawFd = 3;

/// A place to listen at, as it is written.
///
/// ```
/// use wirenut_cli::listen::{Host, Place};
/// assert_eq!(Place::parse("8080".as_ref())?, Place::Stream(Host::Loopback(8080).into()));
/// assert_eq!(Place::parse("unix:/run/a".as_ref())?, Place::Stream(std::path::PathBuf::from("/run/a").into()));
/// assert!(Place::parse("::1:8080".as_ref()).is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Connections are taken in there.
    Stream(At),
    /// `udp:` and a host, `unix-datagram:` and a path: datagrams are received there.
    Datagram(At),
    /// `fd:3`: a socket that this process was started with, under this number.
    Number(RawFd),
    /// `fd:web`: all sockets of this name that this process was started with.
    Named(String),
}

/// Where a socket is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// At an address of the Internet.
    Host(Host),
    /// `unix:` and a path: on this machine only.
    Path(PathBuf),
}

impl From<Host> for At {
    fn from(host: Host) -> Self {
        Self::Host(host)
    }
}

impl From<PathBuf> for At {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl Place {
    /// Reads a place of connections.
    ///
    /// # Errors
    /// What is wrong, and which forms there are.
    pub fn parse(text: &OsStr) -> Result<Self, String> {
        match Self::parse_any(text)? {
            Self::Datagram(_) => Err(format!("datagrams are for 'wirenut echo'; expected {FORMS}")),
            place @ (Self::Stream(_) | Self::Number(_) | Self::Named(_)) => Ok(place),
        }
    }

    /// Reads a place of connections or of datagrams.
    ///
    /// # Errors
    /// What is wrong, and which forms there are.
    pub fn parse_any(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let path = |bytes: &[u8]| match bytes {
            [] => Err(format!("the path is missing; expected {FORMS}")),
            _ if bytes.contains(&0) => Err("a path has no zero byte".into()),
            bytes => Ok(At::Path(OsStr::from_bytes(bytes).into())),
        };
        if let Some(bytes) = bytes.strip_prefix(b"unix:") {
            return path(bytes).map(Self::Stream);
        }
        if let Some(bytes) = bytes.strip_prefix(b"unix-datagram:") {
            return path(bytes).map(Self::Datagram);
        }
        let text = text.to_str().ok_or_else(|| format!("no UTF-8; expected {FORMS}"))?;
        if let Some(descriptor) = text.strip_prefix("fd:") {
            return Self::parse_descriptor(descriptor);
        }
        if let Some(host) = text.strip_prefix("udp:") {
            return host.parse().map(|host| Self::Datagram(At::Host(host)));
        }
        text.parse().map(|host| Self::Stream(At::Host(host)))
    }

    fn parse_descriptor(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().ok().filter(|number| *number >= FIRST_PASSED);
            return number.map(Self::Number).ok_or_else(|| {
                format!("a socket that was passed has a number from {FIRST_PASSED} on, such as fd:{FIRST_PASSED}")
            });
        }
        // As sd_listen_fds_with_names(3) has them.
        let is_name = !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b':');
        is_name
            .then(|| Self::Named(text.into()))
            .ok_or_else(|| "a socket that was passed has a number, or a name without a colon: fd:3 or fd:web".into())
    }
}

/// As it is written.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(At::Host(host)) => host.fmt(f),
            Self::Datagram(At::Host(host)) => write!(f, "udp:{host}"),
            Self::Stream(At::Path(path)) => write!(f, "unix:{}", Name::of(path)),
            Self::Datagram(At::Path(path)) => write!(f, "unix-datagram:{}", Name::of(path)),
            Self::Number(number) => write!(f, "fd:{number}"),
            Self::Named(name) => write!(f, "fd:{name}"),
        }
    }
}

/// Where in the Internet a socket is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// `127.0.0.1:8080`, `[::1]:8080`, `[fe80::1%eth0]:8080`: this address.
    Address(SocketAddr),
    /// `8080`: this machine only.
    Loopback(u16),
    /// `:8080`: all addresses of this machine.
    Everywhere(u16),
    /// `localhost:8080`: all addresses that the name has.
    Name(String, u16),
}

/// As it is written.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Loopback(port) => port.fmt(f),
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected an address or a name with a port, or a port alone: {FORMS}");
        let port = |text: &str| {
            // The standard library takes a sign, too.
            let port = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
            port.ok_or_else(|| format!("a port is a number from 0 to 65535; {}", expected()))
        };
        if text.starts_with(['/', '.']) {
            return Err(format!("a path is written unix:PATH; {}", expected()));
        }
        if text.contains('/') {
            return Err(format!("a place is no URL; {}", expected()));
        }
        match text.rsplit_once(':') {
            Some(_) if text.ends_with(']') => Err(format!("the port is missing; {}", expected())),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => port(text).map(Self::Loopback),
            None => Err(format!("the port is missing; {}", expected())),
            Some(("", digits)) => port(digits).map(Self::Everywhere),
            Some((host, digits)) if host.starts_with('[') => {
                port(digits)?;
                lookup::address_from_text(text)
                    .map(Self::Address)
                    .map_err(|_| format!("no IPv6 address; {}", expected()))
            }
            Some((host, _)) if host.contains(':') => {
                Err(format!("an IPv6 address stands within brackets; {}", expected()))
            }
            Some((host, digits)) => {
                let port = port(digits)?;
                let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
                match host.parse() {
                    Ok(ip) => Ok(Self::Address(SocketAddr::new(IpAddr::V4(ip), port))),
                    // Short, octal and hexadecimal forms of addresses are no names either.
                    Err(_) if host.rsplit('.').next().is_some_and(is_numeric) => Err(expected()),
                    Err(_) if is_name => Ok(Self::Name(host.into(), port)),
                    Err(_) => Err(expected()),
                }
            }
        }
    }
}

/// As the last part of an address, and of no name, is.
fn is_numeric(part: &str) -> bool {
    part.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

impl Host {
    /// The addresses that it stands for, at least one. Names are looked up, which may take a while.
    ///
    /// # Errors
    ///
    /// [`Failure::Network`]: the name is unknown.
    pub fn addresses(&self, transport: Transport) -> Result<Vec<SocketAddr>, Failure> {
        Ok(match self {
            Self::Address(address) => vec![*address],
            Self::Loopback(port) => vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port)],
            // Where there is IPv6, a socket for it takes connections over IPv4, too.
            Self::Everywhere(port) if has_ipv6() => vec![SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), *port)],
            Self::Everywhere(port) => vec![SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), *port)],
            Self::Name(name, port) => lookup::addresses(name, &port.to_string(), transport)?,
        })
    }
}

/// Whether this machine has any address of IPv6, even if only for itself.
fn has_ipv6() -> bool {
    lookup::own_addresses().is_ok_and(|own| own.iter().any(SocketAddr::is_ipv6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_what_they_are_written_as() {
        let address = |text: &str| Host::Address(text.parse().unwrap());
        for (text, place) in [
            ("127.0.0.1:8080", address("127.0.0.1:8080")),
            ("0.0.0.0:0", address("0.0.0.0:0")),
            ("[::1]:8080", address("[::1]:8080")),
            ("[::]:80", address("[::]:80")),
            ("[::ffff:127.0.0.1]:80", address("[::ffff:127.0.0.1]:80")),
            ("8080", Host::Loopback(8080)),
            ("0", Host::Loopback(0)),
            (":8080", Host::Everywhere(8080)),
            ("localhost:8080", Host::Name("localhost".into(), 8080)),
            ("a-b.example:1", Host::Name("a-b.example".into(), 1)),
        ] {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        assert!(
            matches!("[fe80::1%lo]:80".parse(), Ok(Host::Address(SocketAddr::V6(address))) if address.scope_id() != 0)
        );
    }

    #[test]
    fn what_is_no_place_is_told_with_what_is() {
        for (text, said) in [
            ("", "a port is a number"),
            ("localhost", "the port is missing"),
            ("127.0.0.1", "the port is missing"),
            ("::1:8080", "an IPv6 address stands within brackets"),
            ("fe80::1", "an IPv6 address stands within brackets"),
            ("::", "an IPv6 address stands within brackets"),
            ("127.0.0.1:65536", "a port is a number from 0 to 65535"),
            ("65536", "a port is a number from 0 to 65535"),
            (":+80", "a port is a number from 0 to 65535"),
            ("localhost:http", "a port is a number from 0 to 65535"),
            ("localhost:", "a port is a number from 0 to 65535"),
            (":", "a port is a number from 0 to 65535"),
            ("[::1]", "the port is missing"),
            ("[::1:80", "no IPv6 address"),
            ("[localhost]:80", "no IPv6 address"),
            ("[127.0.0.1]:80", "no IPv6 address"),
            ("127.1:80", "expected an address"),
            ("0x7f.1:80", "expected an address"),
            ("http://localhost:80", "a place is no URL"),
            ("a b:80", "expected an address"),
            ("\u{1b}[2J:80", "expected an address"),
            ("127.0.0.1:80 ", "a port is a number"),
        ] {
            let error = text.parse::<Host>().unwrap_err();
            assert!(error.contains(said) && error.contains(FORMS), "{text}: {error}");
        }
    }

    #[test]
    fn names_have_the_addresses_that_are_looked_up() {
        let place: Host = "localhost:7".parse().unwrap();
        let addresses = place.addresses(Transport::Tcp).unwrap();
        assert!(!addresses.is_empty());
        assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == 7), "{addresses:?}");
        let unknown = Host::Name("no-such-host.invalid".into(), 7).addresses(Transport::Tcp).unwrap_err();
        assert!(unknown.to_string().starts_with("cannot look up no-such-host.invalid, service 7: "), "{unknown}");
    }

    #[test]
    fn places_are_made_or_passed() {
        let path = |path: &str| At::Path(path.into());
        let tcp = |port| At::Host(Host::Loopback(port));
        for (text, place) in [
            ("80", Place::Stream(tcp(80))),
            ("unix:/run/web", Place::Stream(path("/run/web"))),
            ("unix:web:1", Place::Stream(path("web:1"))),
            ("udp:80", Place::Datagram(tcp(80))),
            ("unix-datagram:web", Place::Datagram(path("web"))),
            ("fd:3", Place::Number(3)),
            ("fd:web.socket", Place::Named("web.socket".into())),
            ("fd:3a", Place::Named("3a".into())),
        ] {
            assert_eq!(Place::parse_any(text.as_ref()), Ok(place.clone()), "{text}");
            assert_eq!(place.to_string(), text);
            let is_datagram = matches!(place, Place::Datagram(_));
            assert_eq!(Place::parse(text.as_ref()).is_err(), is_datagram, "{text}");
        }
        let bytes = OsStr::from_bytes(b"unix:\xff");
        assert_eq!(Place::parse(bytes), Ok(Place::Stream(At::Path(OsStr::from_bytes(b"\xff").into()))));
    }

    #[test]
    fn what_can_be_no_place_is_told() {
        for (text, said) in [
            (&b"unix:"[..], "the path is missing"),
            (b"unix-datagram:", "the path is missing"),
            (b"unix:a\0b", "a path has no zero byte"),
            (b"/run/web", "a path is written unix:PATH"),
            (b"./web", "a path is written unix:PATH"),
            (b"fd:", "a number, or a name without a colon"),
            (b"fd:a:b", "a number, or a name without a colon"),
            (b"fd:a\x1bb", "a number, or a name without a colon"),
            (b"fd:2", "a number from 3 on"),
            (b"fd:99999999999", "a number from 3 on"),
            (b"udp:localhost", "the port is missing"),
            (b"\xff:80", "no UTF-8"),
        ] {
            let error = Place::parse_any(OsStr::from_bytes(text)).unwrap_err();
            assert!(error.contains(said), "{}: {error}", String::from_utf8_lossy(text));
        }
    }
}
