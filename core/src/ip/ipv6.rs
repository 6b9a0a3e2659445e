//! IPv6 packets, read where they lie (RFC 8200).

use core::net::Ipv6Addr;

use crate::ip::extension::{Upper, missing};
use crate::ip::{Captured, Fragment, PacketError, PacketRule, Protocol};

pub(super) const HEADER: usize = 40;

/// A checked view of an IPv6 packet, behind all extension headers.
///
/// ```
/// use wirenut::ip::{Captured, Ipv6Packet, Protocol};
/// let mut bytes = [0; 57];
/// bytes[..8].copy_from_slice(&[0x60, 0, 0, 0, 0, 17, 0, 64]);
/// bytes[40] = 17; // Hop-by-hop options, with UDP behind them.
/// let packet = Ipv6Packet::parse(Captured::whole(&bytes))?;
/// assert_eq!((packet.protocol(), packet.payload().length(), packet.extensions().len()), (Protocol::UDP, 9, 8));
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ipv6Packet<'p> {
    header: &'p [u8; HEADER],
    extensions: &'p [u8],
    upper: Upper<'p>,
}

impl<'p> Ipv6Packet<'p> {
    /// Reads the header and skips extension headers: hop-by-hop, routing, fragment, destination and authentication, and
    /// those of mobility, host identity and Shim6 (RFC 7045). What lies behind the packet's length is left away; a length
    /// of zero is that of a packet which a network card is still to cut, or of a jumbogram (RFC 2675), and all belongs
    /// to it.
    ///
    /// # Errors
    ///
    /// A header is not whole, or its version, a length or the order of extension headers is not valid.
    #[inline]
    pub fn parse(packet: Captured<'p>) -> Result<Self, PacketError> {
        let header: &[u8; HEADER] = packet.header().ok_or_else(|| missing(packet, HEADER))?;
        if header[0] >> 4 != 6 {
            return Err(PacketError::new(PacketRule::UnknownVersion, 0));
        }
        let behind = packet.behind(HEADER);
        let behind = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
            0 => behind,
            length if length > behind.length() => return Err(PacketError::new(PacketRule::LengthBeyondPacket, 4)),
            length => behind.first(length),
        };
        let upper = Upper::of_ipv6(header[6], behind).map_err(|error| error.behind(HEADER))?;
        let skipped = behind.length().saturating_sub(upper.payload.length());
        Ok(Self { header, extensions: behind.bytes().get(..skipped).unwrap_or(&[]), upper })
    }

    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> Ipv6Addr {
        let [_, _, _, _, _, _, _, _, address @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *self.header;
        address.into()
    }

    /// Whom it is for: where it has a routing header, the next stop on its way.
    #[must_use]
    pub fn destination(&self) -> Ipv6Addr {
        self.header.last_chunk::<16>().copied().unwrap_or_default().into()
    }

    /// What it carries, behind all extension headers.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.upper.protocol
    }

    /// What it carries: of a fragment that is not the first, no header of TCP or UDP.
    #[must_use]
    pub const fn payload(&self) -> Captured<'p> {
        self.upper.payload
    }

    /// Which piece of a packet it is, if it is not a whole one.
    #[must_use]
    pub const fn fragment(&self) -> Option<Fragment> {
        self.upper.fragment
    }

    /// Its extension headers, as they are.
    #[must_use]
    pub const fn extensions(&self) -> &'p [u8] {
        self.extensions
    }

    /// The number of what lies directly behind its header: an extension header, or what it carries.
    #[must_use]
    pub const fn next_header(&self) -> u8 {
        self.header[6]
    }

    /// Differentiated services (RFC 2474) and congestion (RFC 3168).
    #[must_use]
    pub const fn traffic_class(&self) -> u8 {
        u16::from_be_bytes([self.header[0], self.header[1]]).wrapping_shr(4).to_be_bytes()[1]
    }

    /// The number of the flow that its sender counts it to, in 20 bits.
    #[must_use]
    pub const fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.header[1] & 15, self.header[2], self.header[3]])
    }

    /// How many more hops it may take.
    #[must_use]
    pub const fn hop_limit(&self) -> u8 {
        self.header[7]
    }
}
