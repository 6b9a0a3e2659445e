//! Places to connect to, in place of those that URLs name.

use crate::hosts::same_text;

/// Where to connect in place of the host and the port of a URL ([`ClientBuilder::connect_to`](crate::ClientBuilder::connect_to)).
///
/// `Default` is for all URLs, and leads nowhere else.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Detour {
    /// The host of a URL, in any case, of IPv6 without brackets and in any form. `None`: any host.
    pub from_host: Option<Box<str>>,
    /// The port of a URL. `None`: any port.
    pub from_port: Option<u16>,
    /// The host to connect to: a name in any case or an address, of IPv6 without brackets. `None`: the host of the URL.
    pub to_host: Option<Box<str>>,
    /// The port to connect to. `None`: the port of the URL.
    pub to_port: Option<u16>,
}

impl Detour {
    fn is_for(&self, host: &str, port: u16) -> bool {
        self.from_host.as_ref().is_none_or(|from| same_text(from) == same_text(host))
            && self.from_port.is_none_or(|from| from == port)
    }
}

/// All of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detours(Vec<Detour>);

impl Detours {
    pub(crate) fn add(&mut self, mut detour: Detour) {
        // As URLs have theirs.
        detour.to_host = detour.to_host.map(|host| host.to_ascii_lowercase().into());
        self.0.push(detour);
    }

    /// Where to connect for a host, of IPv6 without brackets, and a port: the first detour for them counts.
    pub(crate) fn place(&self, host: &str, port: u16) -> (Box<str>, u16) {
        let Some(found) = self.0.iter().find(|detour| detour.is_for(host, port)) else { return (host.into(), port) };
        (found.to_host.clone().unwrap_or_else(|| host.into()), found.to_port.unwrap_or(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_detour_for_a_place_counts() {
        let mut detours = Detours::default();
        for (from_host, from_port, to_host, to_port) in [
            (Some("A.example"), Some(80), Some("B.example"), Some(81)),
            (Some("a.example"), None, Some("::1"), None),
            (Some("c.example"), None, None, None),
            (None, Some(443), None, Some(8443)),
            (Some("2001:DB8:0::1"), None, Some("e.example"), None),
        ] {
            let (from_host, to_host) = (from_host.map(Into::into), to_host.map(Into::into));
            detours.add(Detour { from_host, from_port, to_host, to_port });
        }
        for (host, port, expected) in [
            ("a.example", 80, ("b.example", 81)),
            ("a.example", 443, ("::1", 443)),
            ("c.example", 443, ("c.example", 443)),
            ("d.example", 443, ("d.example", 8443)),
            ("d.example", 80, ("d.example", 80)),
            // However an address is written.
            ("2001:db8::0001", 80, ("e.example", 80)),
            ("2001:db8::2", 80, ("2001:db8::2", 80)),
        ] {
            assert_eq!(detours.place(host, port), (expected.0.into(), expected.1), "{host}:{port}");
        }
    }
}
