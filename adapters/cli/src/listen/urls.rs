//! The URLs that lead to a server.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::HashSet;

use wirenut_linux::lookup;

/// The URLs of a scheme (`http`, `https`) that lead to a server at this address, best first: they can be clicked. For one that listens at all addresses
/// (`0.0.0.0`, `[::]`), those that this machine has, itself first; at most one where they are unknown.
///
/// ```
/// use wirenut_cli::listen::urls;
/// assert_eq!(urls("https", "127.0.0.1:80".parse().unwrap()), ["https://127.0.0.1:80/"]);
/// assert_eq!(urls("http", "0.0.0.0:80".parse().unwrap())[0], "http://127.0.0.1:80/");
/// ```
#[must_use]
pub fn urls(scheme: &str, address: SocketAddr) -> Vec<String> {
    if address.ip().is_unspecified() {
        let own = lookup::own_addresses().unwrap_or_default();
        return urls_of(scheme, address, own.iter().map(SocketAddr::ip).collect());
    }
    vec![format!("{scheme}://{address}/")]
}

fn urls_of(scheme: &str, address: SocketAddr, mut own: Vec<IpAddr>) -> Vec<String> {
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
    own.into_iter().map(|ip| format!("{scheme}://{}/", SocketAddr::new(ip, address.port()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(urls_of("http", address.parse().unwrap(), own.clone()), expected);
        }
        assert_eq!(urls_of("http", "[::]:80".parse().unwrap(), vec![]), ["http://[::1]:80/"]);
        for address in ["192.0.2.7:80", "[::1]:80"] {
            assert_eq!(urls("https", address.parse().unwrap()), [format!("https://{address}/")]);
        }
    }
}
