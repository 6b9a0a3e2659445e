//! Who sent a request, when proxies have passed it on: what they say is believed as far as they are trusted.

use core::net::IpAddr;

use super::forwarded::{Forwarded, ForwardedElement, is_host, is_scheme};
use super::network::Network;
use super::node::Node;
use crate::bytes;
use crate::http::message::fields::Fields;
use crate::http::value::lines::Lines;

/// Which proxies are believed.
///
/// Ask by the field that these proxies write, and only by that: the other one comes as the client sent it.
///
/// ```
/// use wirenut::http::{Fields, Network, TrustedProxies};
/// const OURS: TrustedProxies = TrustedProxies::Networks(&[Network::v4([10, 0, 0, 0], 8)]);
/// let fields = Fields::parse(b"X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.0.0.2\r\n").unwrap();
/// // The client can write anything before its own address.
/// let client = OURS.client_by_x_forwarded(Some([10, 0, 0, 1].into()), fields);
/// assert_eq!(client.address, Some([192, 0, 2, 1].into()));
/// // Who is no proxy of ours is the client, whatever it says.
/// let client = OURS.client_by_x_forwarded(Some([192, 0, 2, 7].into()), fields);
/// assert_eq!(client.address, Some([192, 0, 2, 7].into()));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum TrustedProxies<'n> {
    /// So many: the peer is the first of them. 0 is to believe nobody. Whoever can reach the server past one of them can
    /// choose its address.
    Hops(usize),
    /// Those with an address in any of these networks.
    Networks(&'n [Network]),
}

/// What is known of who sent a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ForwardedClient<'b> {
    /// The address. `None`: the proxy does not know it or does not tell it, or what it says does not parse. Nothing is
    /// guessed then.
    pub address: Option<IpAddr>,
    /// The scheme with which the client asked, if a proxy says so.
    pub proto: Option<&'b str>,
    /// The Host that the client asked for, if a proxy says so.
    pub host: Option<&'b str>,
}

impl<'b> ForwardedClient<'b> {
    const fn peer(address: Option<IpAddr>) -> Self {
        Self { address, proto: None, host: None }
    }
}

/// What one proxy says of who is before it.
enum Said {
    Address(IpAddr),
    Untold,
    Malformed,
}

impl TrustedProxies<'_> {
    /// The client of a request with these fields, by Forwarded (RFC 7239). `peer` is the address that the connection comes
    /// from; `None` where it has none, as over Unix sockets.
    ///
    /// It is the last address from the right that is no trusted proxy's; if all are, the first. Without the field it is the
    /// peer. An element that does not parse hides all that is left of it: then the address is `None`.
    ///
    /// ```
    /// use wirenut::http::{Fields, TrustedProxies};
    /// let fields = Fields::parse(b"Forwarded: for=192.0.2.1;proto=https, for=_backend\r\n").unwrap();
    /// let client = TrustedProxies::Hops(2).client_by_forwarded(None, fields);
    /// assert_eq!((client.address, client.proto), (Some([192, 0, 2, 1].into()), Some("https")));
    /// assert_eq!(TrustedProxies::Hops(1).client_by_forwarded(None, fields).address, None);
    /// ```
    #[must_use]
    pub fn client_by_forwarded<'b>(&self, peer: Option<IpAddr>, fields: Fields<'b>) -> ForwardedClient<'b> {
        let elements = Forwarded::of(fields).into_iter();
        let address = |element: &ForwardedElement<'_>| element.for_node.and_then(|node| node.address());
        let said = elements.clone().map(|element| match element.as_ref().map(address) {
            Ok(Some(address)) => Said::Address(address),
            Ok(None) => Said::Untold,
            Err(_) => Said::Malformed,
        });
        let Some(index) = self.choose(peer, said) else { return ForwardedClient::peer(peer) };
        match elements.clone().nth(index) {
            Some(Ok(element)) => {
                ForwardedClient { address: address(&element), proto: element.proto, host: element.host }
            }
            _ => ForwardedClient::peer(None),
        }
    }

    /// The same, by X-Forwarded-For, -Proto and -Host, which no RFC describes.
    ///
    /// Addresses are read with and without a port, of IPv6 with and without brackets; whatever else stands there is
    /// nobody's address. X-Forwarded-Proto and -Host count if the peer is trusted and there is one of them, or as many as
    /// addresses: then the one that belongs to the client's.
    #[must_use]
    pub fn client_by_x_forwarded<'b>(&self, peer: Option<IpAddr>, fields: Fields<'b>) -> ForwardedClient<'b> {
        let addresses = members(fields, "X-Forwarded-For");
        let said = addresses.clone().map(|text| address_of(text).map_or(Said::Untold, Said::Address));
        let is_trusted = match self {
            Self::Hops(count) => *count > 0,
            Self::Networks(_) => peer.is_some_and(|peer| self.names(peer)),
        };
        let Some(index) = self.choose(peer, said).or(is_trusted.then_some(0)) else {
            return ForwardedClient::peer(peer);
        };
        let count = addresses.clone().count();
        let beside = |name, is_sound: fn(&str) -> bool| {
            let mut values = members(fields, name);
            let value = match values.clone().count() {
                1 => values.next(),
                number if number == count => values.nth(index),
                _ => None,
            };
            value.and_then(|value| str::from_utf8(value).ok()).filter(|value| is_sound(value))
        };
        ForwardedClient {
            address: addresses.clone().nth(index).map_or(peer, address_of),
            proto: beside("X-Forwarded-Proto", is_scheme),
            host: beside("X-Forwarded-Host", is_host),
        }
    }

    fn names(&self, address: IpAddr) -> bool {
        match self {
            Self::Hops(_) => false,
            Self::Networks(networks) => networks.iter().any(|network| network.contains(address)),
        }
    }

    /// Which of those says who the client is; `None` if it is the peer.
    fn choose(&self, peer: Option<IpAddr>, said: impl Iterator<Item = Said> + Clone) -> Option<usize> {
        let mut chosen = None;
        let first = match self {
            Self::Hops(0) => return None,
            Self::Hops(count) => said.clone().count().saturating_sub(*count),
            Self::Networks(_) if !peer.is_some_and(|peer| self.names(peer)) => return None,
            Self::Networks(_) => 0,
        };
        for (index, said) in said.enumerate().skip(first) {
            // Whatever is left of it came from someone who is not trusted, or nobody knows from whom.
            let hides = match said {
                Said::Malformed => true,
                Said::Untold => matches!(self, Self::Networks(_)),
                Said::Address(address) => matches!(self, Self::Networks(_)) && !self.names(address),
            };
            if hides || chosen.is_none() {
                chosen = Some(index);
            }
        }
        chosen
    }
}

/// The members of a list without quotes.
fn members<'b>(fields: Fields<'b>, name: &'b str) -> impl Iterator<Item = &'b [u8]> + Clone {
    let lines = Lines::All(fields, name).into_iter();
    lines.flat_map(|line| line.split(|byte| *byte == b',')).map(bytes::trim).filter(|member| !member.is_empty())
}

/// An address with or without brackets and port.
fn address_of(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| Node::parse(text).ok()?.address())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString};

    const OURS: TrustedProxies<'static> =
        TrustedProxies::Networks(&[Network::v4([10, 0, 0, 0], 8), Network::v6([0xfd00, 0, 0, 0, 0, 0, 0, 0], 8)]);
    const NOBODY: TrustedProxies<'static> = TrustedProxies::Hops(0);
    const ONE: TrustedProxies<'static> = TrustedProxies::Hops(1);
    const TWO: TrustedProxies<'static> = TrustedProxies::Hops(2);

    fn shown(client: ForwardedClient<'_>) -> String {
        let address = client.address.map_or("?".to_string(), |address| address.to_string());
        [Some(&address[..]), client.proto, client.host].into_iter().flatten().collect::<alloc::vec::Vec<_>>().join(" ")
    }

    /// Each list once as X-Forwarded-For, and once as Forwarded.
    #[test]
    fn addresses_by_either_field() {
        for (trusted, peer, list, expected) in [
            (OURS, "10.0.0.1", "", "10.0.0.1"),
            (OURS, "10.0.0.1", "1.1.1.1", "1.1.1.1"),
            (OURS, "::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
            (OURS, "9.9.9.9", "1.1.1.1", "9.9.9.9"),
            (OURS, "10.0.0.1", "6.6.6.6,1.1.1.1,10.0.0.2", "1.1.1.1"),
            (OURS, "10.0.0.1", "6.6.6.6,1.1.1.1,10.0.0.2,fd00::1", "1.1.1.1"),
            (OURS, "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
            (OURS, "10.0.0.1", "6.6.6.6,unknown,10.0.0.2", "?"),
            (OURS, "10.0.0.1", "6.6.6.6,_hidden", "?"),
            (OURS, "10.0.0.1", "unknown,1.1.1.1", "1.1.1.1"),
            (OURS, "10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"),
            (OURS, "10.0.0.1", "1.1.1.1:80", "1.1.1.1"),
            (OURS, "-", "1.1.1.1", "?"),
            (NOBODY, "10.0.0.1", "1.1.1.1", "10.0.0.1"),
            (ONE, "9.9.9.9", "6.6.6.6,1.1.1.1", "1.1.1.1"),
            (ONE, "-", "6.6.6.6,1.1.1.1", "1.1.1.1"),
            (ONE, "9.9.9.9", "", "9.9.9.9"),
            (ONE, "9.9.9.9", "1.1.1.1,unknown", "?"),
            (TWO, "9.9.9.9", "6.6.6.6,1.1.1.1,2.2.2.2", "1.1.1.1"),
            (TWO, "9.9.9.9", "1.1.1.1,_proxy", "1.1.1.1"),
            (TWO, "9.9.9.9", "1.1.1.1", "1.1.1.1"),
        ] {
            let peer = peer.parse().ok();
            let fields = format!("x-forwarded-for: {list}\r\n");
            let client = trusted.client_by_x_forwarded(peer, Fields::parse(fields.as_bytes()).unwrap());
            assert_eq!(shown(client), expected, "{trusted:?} {list}");
            let elements = list.split_terminator(',').map(|node| match node.contains("::") && !node.contains('[') {
                true => format!("for=\"[{node}]\""),
                false => format!("for=\"{node}\""),
            });
            let fields: String = elements.map(|element| format!("forwarded: {element}\r\n")).collect();
            let client = trusted.client_by_forwarded(peer, Fields::parse(fields.as_bytes()).unwrap());
            assert_eq!(shown(client), expected, "{trusted:?} {fields}");
        }
    }

    #[test]
    fn scheme_and_host_come_with_the_address() {
        let peer = Some(IpAddr::from([10, 0, 0, 1]));
        for (lines, expected) in [
            ("Forwarded: for=1.1.1.1;proto=https;host=a.b", "1.1.1.1 https a.b"),
            ("Forwarded: for=6.6.6.6;proto=x, for=1.1.1.1;host=a, for=10.0.0.2;proto=http", "1.1.1.1 a"),
            ("Forwarded: proto=https", "? https"),
            // The client's quote hides what the proxy wrote behind it; nobody else's address appears.
            ("Forwarded: for=\"6.6.6.6, for=1.1.1.1", "?"),
            ("Forwarded: for=6.6.6.6;x=\"\r\nForwarded: for=1.1.1.1", "1.1.1.1"),
            ("Forwarded: for=6.6.6.6, for=10.0.0.2:80", "?"),
        ] {
            let lines = format!("{lines}\r\n");
            let fields = Fields::parse(lines.as_bytes()).unwrap();
            assert_eq!(shown(OURS.client_by_forwarded(peer, fields)), expected, "{lines}");
        }
        for (addresses, proto, host, expected) in [
            ("1.1.1.1", "https", "a.b:8", "1.1.1.1 https a.b:8"),
            ("6.6.6.6, 1.1.1.1", "https", "a", "1.1.1.1 https a"),
            ("6.6.6.6, 1.1.1.1", "http, https", "a, b", "1.1.1.1 https b"),
            ("6.6.6.6, 1.1.1.1", "http, https, http", "a, b, c", "1.1.1.1"),
            ("\", 1.1.1.1", "h t", "a/b", "1.1.1.1"),
            ("", "https", "a", "10.0.0.1 https a"),
        ] {
            let lines =
                format!("X-Forwarded-For: {addresses}\r\nX-Forwarded-Proto: {proto}\r\nX-Forwarded-Host: {host}\r\n");
            let fields = Fields::parse(lines.as_bytes()).unwrap();
            assert_eq!(shown(OURS.client_by_x_forwarded(peer, fields)), expected, "{lines}");
            assert_eq!(shown(OURS.client_by_x_forwarded(None, fields)), "?", "{lines}");
        }
    }

    #[test]
    fn one_malformed_element_hides_what_is_left_of_it() {
        let fields = Fields::parse(b"Forwarded: for=1.1.1.1, for, for=_a\r\n").unwrap();
        let found = [ONE, TWO, TrustedProxies::Hops(3)].map(|trusted| shown(trusted.client_by_forwarded(None, fields)));
        assert_eq!(found, ["?", "?", "?"]);
    }
}
