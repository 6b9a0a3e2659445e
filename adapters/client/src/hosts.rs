//! Addresses that are given for hosts, in place of a look-up.

use alloc::collections::BTreeMap;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The name that stands for all hosts.
const ANY: &str = "*";

/// The addresses that are given for a host and a port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts(BTreeMap<(Box<str>, u16), Box<[IpAddr]>>);

impl Hosts {
    /// Gives addresses, in place of earlier ones; none take those back.
    pub(crate) fn set(&mut self, host: &str, port: u16, addresses: &[IpAddr]) {
        let place = (same_text(host), port);
        if addresses.is_empty() {
            self.0.remove(&place);
        } else {
            self.0.insert(place, addresses.into());
        }
    }

    /// Those of a host, of IPv6 without brackets.
    pub(crate) fn find(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        if self.0.is_empty() {
            return None;
        }
        let addresses = self.0.get(&(same_text(host), port)).or_else(|| self.0.get(&(ANY.into(), port)))?;
        Some(addresses.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }
}

/// A host, of IPv6 without brackets, in the one text that all its forms have: letters may be small or not, and an address of IPv6
/// may leave zeros out or not (RFC 5952 §4).
pub(crate) fn same_text(host: &str) -> Box<str> {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => address.to_string().into(),
        Err(_) => host.to_ascii_lowercase().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_before_all_names_and_the_last_entry_counts() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut hosts = Hosts::default();
        assert_eq!(hosts.find("a", 80), None);
        hosts.set("A", 80, &[address("::1"), address("10.0.0.1")]);
        hosts.set("*", 80, &[address("10.0.0.2")]);
        hosts.set("c", 80, &[address("10.0.0.3")]);
        hosts.set("C", 80, &[address("10.0.0.4")]);
        hosts.set("d", 80, &[address("10.0.0.5")]);
        hosts.set("d", 80, &[]);
        hosts.set("2001:DB8:0::1", 80, &[address("10.0.0.6")]);
        hosts.set("2001:db8::2", 80, &[address("10.0.0.7")]);
        hosts.set("2001:db8:0::2", 80, &[]);
        for (host, port, expected) in [
            ("a", 80, &["[::1]:80", "10.0.0.1:80"][..]),
            ("b", 80, &["10.0.0.2:80"]),
            ("c", 80, &["10.0.0.4:80"]),
            ("d", 80, &["10.0.0.2:80"]),
            ("::1", 80, &["10.0.0.2:80"]),
            ("a", 81, &[]),
            // However an address is written.
            ("2001:db8::0001", 80, &["10.0.0.6:80"]),
            ("2001:db8::2", 80, &["10.0.0.2:80"]),
        ] {
            let found = hosts.find(host, port).unwrap_or_default();
            let expected: Vec<SocketAddr> = expected.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(found, expected, "{host}:{port}");
        }
    }
}
