//! What tells connections apart.

use core::hash::Hasher;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The addresses and ports of both ends, the lower one first: the same whoever sends. A flag beside it tells the version
/// of IP.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// In the order of bytes that the machine has; of IPv4 the first one.
    addresses: [[u32; 4]; 2],
    /// One in the upper half and one in the lower half.
    ports: u32,
}

impl Key {
    pub(super) const EMPTY: Self = Self { addresses: [[0; 4]; 2], ports: 0 };

    /// That of a segment, and whether its sender comes second. Both addresses are of one version of IP.
    #[inline]
    pub(super) fn new(addresses: [IpAddr; 2], [from, to]: [u16; 2]) -> (Self, bool) {
        let [source, destination] = addresses.map(words);
        let ports = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
        // Any order will do, if it is the same each time.
        let is_second = (destination, to) < (source, from);
        let key = if is_second {
            Self { addresses: [destination, source], ports: ports(to, from) }
        } else {
            Self { addresses: [source, destination], ports: ports(from, to) }
        };
        (key, is_second)
    }

    /// The first or the second end.
    pub(super) fn end(&self, is_second: bool, is_v6: bool) -> SocketAddr {
        let [first, second] = self.addresses;
        let address = if is_second { second } else { first };
        let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = address.map(u32::to_ne_bytes);
        let address = if is_v6 {
            Ipv6Addr::from([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]).into()
        } else {
            IpAddr::from(Ipv4Addr::new(a, b, c, d))
        };
        let port = if is_second { self.ports & 0xffff } else { self.ports >> 16 };
        SocketAddr::new(address, u16::try_from(port).unwrap_or(0))
    }

    /// Are both keys of that version the same?
    #[inline]
    pub(super) fn is(&self, other: &Self, is_v6: bool) -> bool {
        if is_v6 {
            return self == other;
        }
        let ([[a, ..], [b, ..]], [[c, ..], [d, ..]]) = (self.addresses, other.addresses);
        a == c && b == d && self.ports == other.ports
    }

    /// Hands the key to a hash, in one piece and no longer than it is: hashing is a large part of what a segment costs.
    #[inline]
    pub(super) fn hash(&self, is_v6: bool, state: &mut impl Hasher) {
        if is_v6 {
            let [[a, b, c, d], [e, f, g, h]] = self.addresses;
            let words = [a, b, c, d, e, f, g, h, self.ports].map(u32::to_ne_bytes);
            state.write(words.as_flattened());
            return;
        }
        // As one number of eight bytes, which the turn makes the compiler write at once: the hash reads it at once, and a
        // processor is slow to read what was just written in two pieces.
        let [[first, ..], [second, ..]] = self.addresses;
        let both = (u64::from(first) << 32 | u64::from(second)).rotate_left(16);
        let [a, b, c, d, e, f, g, h] = both.to_ne_bytes();
        let [p, q, r, s] = self.ports.to_ne_bytes();
        state.write(&[a, b, c, d, e, f, g, h, p, q, r, s]);
    }
}

#[inline]
fn words(address: IpAddr) -> [u32; 4] {
    match address {
        IpAddr::V4(address) => [u32::from_ne_bytes(address.octets()), 0, 0, 0],
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = address.octets();
            [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(u32::from_ne_bytes)
        }
    }
}
