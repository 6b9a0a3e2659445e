//! What tells connections apart.

use core::hash::{Hash, Hasher};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The addresses and ports of both ends, the lower one first: the same whoever sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    addresses: [[u8; 16]; 2],
    ports: [u16; 2],
}

impl Key {
    pub(super) const EMPTY: Self = Self { addresses: [[0; 16]; 2], ports: [0; 2] };

    /// That of a segment, and whether its sender comes second. Both addresses are of one version of IP, which
    /// [`is_v6`] tells.
    #[inline]
    pub(super) fn new(source: SocketAddr, destination: SocketAddr) -> (Self, bool) {
        let [(from, from_port), (to, to_port)] = [source, destination].map(|end| (octets(end.ip()), end.port()));
        let is_second = (to, to_port) < (from, from_port);
        let key = if is_second {
            Self { addresses: [to, from].map(u128::to_be_bytes), ports: [to_port, from_port] }
        } else {
            Self { addresses: [from, to].map(u128::to_be_bytes), ports: [from_port, to_port] }
        };
        (key, is_second)
    }

    /// The first or the second end.
    pub(super) fn end(&self, is_second: bool, is_v6: bool) -> SocketAddr {
        let [first, second] = self.addresses;
        let address = if is_second { second } else { first };
        let port = if is_second { self.ports[1] } else { self.ports[0] };
        let [.., a, b, c, d] = address;
        let address = if is_v6 { Ipv6Addr::from(address).into() } else { IpAddr::from(Ipv4Addr::new(a, b, c, d)) };
        SocketAddr::new(address, port)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.addresses.as_flattened());
        let [[a, b], [c, d]] = self.ports.map(u16::to_ne_bytes);
        state.write_u32(u32::from_ne_bytes([a, b, c, d]));
    }
}

/// Of IPv4, in the lowest four bytes: so a key has room for both, and a flag beside it tells them apart.
#[inline]
fn octets(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}
