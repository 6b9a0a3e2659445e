//! Where servers listen: the forms that a place is written in, the addresses that it stands for, and the URLs that lead there.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::FromStr;
use std::collections::HashSet;

use rustix::io::Errno;
use wirenut_linux::lookup::{self, Transport};
use wirenut_server::{Config, Server};

use crate::failure::Failure;

/// What `--listen` takes, for its help.
pub const FORMS: &str = "127.0.0.1:8080, [::1]:8080, localhost:8080, :8080 or 8080";

/// A place to listen at, as it is written.
///
/// ```
/// use wirenut_cli::listen::Place;
/// let place: Place = "8080".parse()?;
/// assert_eq!(place.addresses().unwrap(), ["127.0.0.1:8080".parse().unwrap()]);
/// let place: Place = "[::1]:0".parse()?;
/// assert_eq!(place.addresses().unwrap(), ["[::1]:0".parse().unwrap()]);
/// assert!("::1:8080".parse::<Place>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `127.0.0.1:8080`, `[::1]:8080`, `[fe80::1%eth0]:8080`: this address.
    Address(SocketAddr),
    /// `8080`: this machine only.
    Loopback(u16),
    /// `:8080`: all addresses of this machine.
    Everywhere(u16),
    /// `localhost:8080`: all addresses that the name has.
    Name(String, u16),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected an address or a name with a port, or a port alone: {FORMS}");
        let port = |text: &str| {
            // The standard library takes a sign, too.
            let port = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
            port.ok_or_else(|| format!("a port is a number from 0 to 65535; {}", expected()))
        };
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

impl Place {
    /// The addresses that it stands for, at least one. Names are looked up, which may take a while.
    ///
    /// # Errors
    ///
    /// [`Failure::Network`]: the name is unknown.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        Ok(match self {
            Self::Address(address) => vec![*address],
            Self::Loopback(port) => vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port)],
            // Where there is IPv6, a socket for it takes connections over IPv4, too.
            Self::Everywhere(port) if has_ipv6() => vec![SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), *port)],
            Self::Everywhere(port) => vec![SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), *port)],
            Self::Name(name, port) => lookup::addresses(name, &port.to_string(), Transport::Tcp)?,
        })
    }
}

/// Whether this machine has any address of IPv6, even if only for itself.
fn has_ipv6() -> bool {
    lookup::own_addresses().is_ok_and(|own| own.iter().any(SocketAddr::is_ipv6))
}

/// Listens at all addresses of all places: a server for each address.
///
/// # Errors
///
/// [`Failure::Network`]: a name is unknown, an address is taken, or not ours. Of several addresses of one name, those that
/// this machine does not have are passed over, as long as it has one.
pub fn bind(places: &[Place], config: Config) -> Result<Vec<Server>, Failure> {
    let (mut servers, mut seen) = (Vec::new(), HashSet::new());
    for place in places {
        let addresses = place.addresses()?;
        let mut missing = None;
        let before = servers.len();
        for address in &addresses {
            if address.port() != 0 && !seen.insert(*address) {
                continue;
            }
            match Server::bind(address, config) {
                Ok(server) => servers.push(server),
                Err(error) if addresses.len() > 1 && is_missing(&error) => missing = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(error) = missing.filter(|_| servers.len() == before) {
            return Err(error.into());
        }
    }
    Ok(servers)
}

/// This machine does not have the address, or none of its kind.
fn is_missing(error: &wirenut_linux::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}

/// The URLs that lead to a server at this address, best first: they can be clicked. For one that listens at all addresses
/// (`0.0.0.0`, `[::]`), those that this machine has, itself first; at most one where they are unknown.
///
/// ```
/// use wirenut_cli::listen::urls;
/// assert_eq!(urls("127.0.0.1:80".parse().unwrap()), ["http://127.0.0.1:80/"]);
/// assert_eq!(urls("0.0.0.0:80".parse().unwrap())[0], "http://127.0.0.1:80/");
/// ```
#[must_use]
pub fn urls(address: SocketAddr) -> Vec<String> {
    if address.ip().is_unspecified() {
        let own = lookup::own_addresses().unwrap_or_default();
        return urls_of(address, own.iter().map(SocketAddr::ip).collect());
    }
    vec![format!("http://{address}/")]
}

fn urls_of(address: SocketAddr, mut own: Vec<IpAddr>) -> Vec<String> {
    let mut seen = HashSet::new();
    own.retain(|ip| {
        let is_reachable = match ip {
            IpAddr::V4(_) => true,
            // Browsers take no address that needs the name of an interface.
            IpAddr::V6(ip) => address.is_ipv6() && !ip.is_unicast_link_local(),
        };
        is_reachable && seen.insert(*ip)
    });
    own.sort_by_key(|ip| (!ip.is_loopback(), ip.is_ipv6() != address.is_ipv6()));
    if own.is_empty() {
        let ip = if address.is_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        own.push(ip);
    }
    own.into_iter().map(|ip| format!("http://{}/", SocketAddr::new(ip, address.port()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_what_they_are_written_as() {
        let address = |text: &str| Place::Address(text.parse().unwrap());
        for (text, place) in [
            ("127.0.0.1:8080", address("127.0.0.1:8080")),
            ("0.0.0.0:0", address("0.0.0.0:0")),
            ("[::1]:8080", address("[::1]:8080")),
            ("[::]:80", address("[::]:80")),
            ("[::ffff:127.0.0.1]:80", address("[::ffff:127.0.0.1]:80")),
            ("8080", Place::Loopback(8080)),
            ("0", Place::Loopback(0)),
            (":8080", Place::Everywhere(8080)),
            ("localhost:8080", Place::Name("localhost".into(), 8080)),
            ("a-b.example:1", Place::Name("a-b.example".into(), 1)),
        ] {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        assert!(
            matches!("[fe80::1%lo]:80".parse(), Ok(Place::Address(SocketAddr::V6(address))) if address.scope_id() != 0)
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
            let error = text.parse::<Place>().unwrap_err();
            assert!(error.contains(said) && error.contains(FORMS), "{text}: {error}");
        }
    }

    #[test]
    fn names_have_the_addresses_that_are_looked_up() {
        let place: Place = "localhost:7".parse().unwrap();
        let addresses = place.addresses().unwrap();
        assert!(!addresses.is_empty());
        assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == 7), "{addresses:?}");
        let unknown = Place::Name("no-such-host.invalid".into(), 7).addresses().unwrap_err();
        assert!(unknown.to_string().starts_with("cannot look up no-such-host.invalid, service 7: "), "{unknown}");
    }

    #[test]
    fn urls_can_be_clicked() {
        let own: Vec<IpAddr> = ["192.0.2.7", "2001:db8::7", "127.0.0.1", "::1", "fe80::7", "192.0.2.7"]
            .iter()
            .map(|ip| ip.parse().unwrap())
            .collect();
        for (address, expected) in [
            ("0.0.0.0:80", &["127.0.0.1:80", "192.0.2.7:80"][..]),
            ("[::]:80", &["[::1]:80", "127.0.0.1:80", "[2001:db8::7]:80", "192.0.2.7:80"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|place| format!("http://{place}/")).collect();
            assert_eq!(urls_of(address.parse().unwrap(), own.clone()), expected);
        }
        assert_eq!(urls_of("[::]:80".parse().unwrap(), vec![]), ["http://[::1]:80/"]);
        for address in ["192.0.2.7:80", "[::1]:80"] {
            assert_eq!(urls(address.parse().unwrap()), [format!("http://{address}/")]);
        }
    }
}
