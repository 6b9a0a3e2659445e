//! Networks of addresses (RFC 4632 §3.1, RFC 4291 §2.3).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bytes;
use crate::http::value::error::{ValueError, ValueRule};

/// All addresses with the same first bits.
///
/// ```
/// use wirenut::http::Network;
/// const OFFICE: Network = Network::v4([10, 1, 0, 0], 16);
/// assert_eq!(Network::parse(b"10.1.0.0/16"), Ok(OFFICE));
/// assert!(OFFICE.contains([10, 1, 2, 3].into()) && !OFFICE.contains([10, 2, 2, 3].into()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix_length: u8,
}

/// The bits in front of an IPv4 address that is mapped into IPv6.
const MAPPED_BITS: u8 = 96;

impl Network {
    /// Of IPv4, with so many bits in common: 32 at most, and more count as 32.
    #[must_use]
    pub const fn v4(address: [u8; 4], prefix_length: u8) -> Self {
        let [a, b, c, d] = address;
        let prefix_length = if prefix_length > 32 { 32 } else { prefix_length };
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_length }
    }

    /// Of IPv6, with so many bits in common: 128 at most, and more count as 128.
    ///
    /// A network of IPv4 addresses that are mapped into IPv6 (`::ffff:10.1.0.0/112`) is the one of IPv4 (`10.1.0.0/16`).
    #[must_use]
    pub const fn v6(address: [u16; 8], prefix_length: u8) -> Self {
        let [a, b, c, d, e, f, g, h] = address;
        let prefix_length = if prefix_length > 128 { 128 } else { prefix_length };
        Self::canonical(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), prefix_length)
    }

    /// With mapped addresses (RFC 4291 §2.5.5.2) as those of IPv4, since [`Self::contains`] takes them as that.
    const fn canonical(address: IpAddr, prefix_length: u8) -> Self {
        if let IpAddr::V6(v6) = address
            && let (Some(mapped), Some(prefix_length)) = (v6.to_ipv4_mapped(), prefix_length.checked_sub(MAPPED_BITS))
        {
            return Self { address: IpAddr::V4(mapped), prefix_length };
        }
        Self { address, prefix_length }
    }

    /// Reads an address with a slash and the number of bits behind it; without them it is that address alone. Mapped addresses
    /// count as for [`Self::v6`].
    ///
    /// # Errors
    /// [`ValueRule::InvalidNetwork`], with the offset of the address or of the number.
    pub fn parse(text: &[u8]) -> Result<Self, ValueError> {
        let slash = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
        let (address, rest) = text.split_at_checked(slash).unwrap_or((text, &[]));
        let address = str::from_utf8(address).ok().and_then(|address| address.parse::<IpAddr>().ok());
        let address = address.ok_or(ValueError::new(ValueRule::InvalidNetwork, 0))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix_length = match rest {
            [] => Some(most),
            [_, digits @ ..] => bytes::decimal(digits).and_then(|number| u8::try_from(number).ok()),
        };
        let prefix_length = prefix_length.filter(|length| *length <= most);
        let error = ValueError::new(ValueRule::InvalidNetwork, slash.saturating_add(1));
        Ok(Self::canonical(address, prefix_length.ok_or(error)?))
    }

    /// Does this address lie in it? An address of IPv4 that is mapped into IPv6 (`::ffff:10.1.2.3`), as sockets for both
    /// show it, counts as that of IPv4: so it lies in no network of IPv6 with less than 96 bits, such as `::/0`.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let differs = match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => u128::from(network.to_bits() ^ address.to_bits()) << 96,
            (IpAddr::V6(network), IpAddr::V6(address)) => network.to_bits() ^ address.to_bits(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        differs.leading_zeros() >= u32::from(self.prefix_length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_what_lies_in_them() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"),
            ("192.168.1.128/25", "192.168.1.255", "192.168.1.127"),
            ("1.2.3.4", "1.2.3.4", "1.2.3.5"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "::1", "1.2.3.4"),
            ("::1", "::1", "::2"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("2001:db8::8000/113", "2001:db8::ffff", "2001:db8::7fff"),
            // Networks of mapped addresses are those of IPv4.
            ("::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.0"),
            ("::ffff:10.0.0.0/104", "::ffff:10.255.0.1", "::ffff:11.0.0.0"),
            ("::ffff:1.2.3.4", "1.2.3.4", "::ffff:1.2.3.5"),
            ("::ffff:1.2.3.4/127", "::ffff:1.2.3.5", "1.2.3.6"),
            ("::ffff:0:0/96", "255.0.0.1", "::1"),
            // This one has addresses of IPv6, too, so it is one of IPv6.
            ("::ffff:0:0/95", "::fffe:1.2.3.4", "1.2.3.4"),
        ] {
            let parsed = Network::parse(network.as_bytes()).unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn what_is_no_network() {
        for (text, offset) in [
            ("", 0),
            ("10.0.0/8", 0),
            ("10.0.0.0/33", 9),
            ("10.0.0.0/", 9),
            ("10.0.0.0/+8", 9),
            ("10.0.0.0/8/8", 9),
            ("::/129", 3),
            ("::/256", 3),
            ("[::]/8", 0),
        ] {
            assert_eq!(
                Network::parse(text.as_bytes()),
                Err(ValueError::new(ValueRule::InvalidNetwork, offset)),
                "{text}"
            );
        }
        assert_eq!(Network::v4([1, 2, 3, 4], 99), Network::v4([1, 2, 3, 4], 32));
    }

    #[test]
    fn a_mapped_network_is_the_one_of_ipv4() {
        for (length, expected) in [(96, 0), (97, 1), (112, 16), (128, 32), (200, 32)] {
            let mapped = Network::v6([0, 0, 0, 0, 0, 0xffff, 0x0102, 0x0304], length);
            assert_eq!(mapped, Network::v4([1, 2, 3, 4], expected), "{length}");
        }
    }
}
