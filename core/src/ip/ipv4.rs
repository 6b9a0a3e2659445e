//! IPv4 packets, read where they lie (RFC 791).

use core::net::Ipv4Addr;

use crate::ip::extension::{AUTHENTICATION, behind_authentication, missing};
use crate::ip::{Captured, Checksum, ChecksumVerdict, Fragment, PacketError, PacketRule, Protocol};

pub(super) const HEADER: usize = 20;

/// A checked view of an IPv4 packet.
///
/// ```
/// use wirenut::ip::{Captured, ChecksumVerdict, Ipv4Packet, Protocol};
/// let bytes = [0x45, 0, 5, 220, 0, 1, 0x40, 0, 64, 6, 0x37, 0x19, 127, 0, 0, 1, 127, 0, 0, 1, 0xff, 0xff];
/// let packet = Ipv4Packet::parse(Captured::cut(&bytes, 1_500))?;
/// assert_eq!((packet.source(), packet.protocol()), ([127, 0, 0, 1].into(), Protocol::TCP));
/// assert_eq!((packet.payload().bytes(), packet.payload().missing()), (&[0xff, 0xff][..], 1_478));
/// assert_eq!(packet.checksum(), ChecksumVerdict::Correct);
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ipv4Packet<'p> {
    header: &'p [u8; HEADER],
    options: &'p [u8],
    protocol: Protocol,
    payload: Captured<'p>,
}

impl<'p> Ipv4Packet<'p> {
    /// Reads the header. What lies behind the packet's length (the padding of short frames) is left away. A length of
    /// zero is what a network card's segmentation leaves in captures of packets that are still to be cut: all that there
    /// is belongs to the packet then.
    ///
    /// # Errors
    ///
    /// The header is not whole, or its version, its lengths, or an authentication header behind it are not valid. Its
    /// checksum is not looked at.
    #[inline]
    pub fn parse(packet: Captured<'p>) -> Result<Self, PacketError> {
        let header: &[u8; HEADER] = packet.header().ok_or_else(|| missing(packet, HEADER))?;
        if header[0] >> 4 != 4 {
            return Err(PacketError::new(PacketRule::UnknownVersion, 0));
        }
        let header_length = usize::from(header[0] & 15).wrapping_mul(4);
        if header_length < HEADER {
            return Err(PacketError::new(PacketRule::HeaderTooShort, 0));
        }
        let packet = match usize::from(u16::from_be_bytes([header[2], header[3]])) {
            0 => packet,
            length if length < header_length => return Err(PacketError::new(PacketRule::LengthBelowHeader, 2)),
            length if length > packet.length() => return Err(PacketError::new(PacketRule::LengthBeyondPacket, 2)),
            length => packet.first(length),
        };
        let options = packet.bytes().get(HEADER..header_length).ok_or_else(|| missing(packet, header_length))?;
        let (protocol, payload) = (header[9], packet.behind(header_length));
        let is_first = header[6] & 0x1f == 0 && header[7] == 0;
        let (protocol, payload) = if protocol == AUTHENTICATION && is_first {
            behind_authentication(payload).map_err(|error| error.behind(header_length))?
        } else {
            (protocol, payload)
        };
        Ok(Self { header, options, protocol: Protocol::new(protocol), payload })
    }

    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> Ipv4Addr {
        let [.., a, b, c, d, _, _, _, _] = *self.header;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Whom it is for.
    #[must_use]
    pub fn destination(&self) -> Ipv4Addr {
        let [.., a, b, c, d] = *self.header;
        Ipv4Addr::new(a, b, c, d)
    }

    /// What it carries, behind an authentication header if there is one.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// What it carries: of a fragment that is not the first, no header of TCP or UDP.
    #[must_use]
    pub const fn payload(&self) -> Captured<'p> {
        self.payload
    }

    /// Which piece of a packet it is, if it is not a whole one.
    #[must_use]
    pub fn fragment(&self) -> Option<Fragment> {
        let place = u16::from_be_bytes([self.header[6], self.header[7]]);
        let offset = usize::from(place & 0x1fff).wrapping_mul(8);
        Fragment::unless_whole(self.identification().into(), offset, place & 0x2000 != 0)
    }

    /// Its options, as they are.
    #[must_use]
    pub const fn options(&self) -> &'p [u8] {
        self.options
    }

    /// Type of service: differentiated services (RFC 2474) and congestion (RFC 3168).
    #[must_use]
    pub const fn traffic_class(&self) -> u8 {
        self.header[1]
    }

    /// The number that all fragments of it share.
    #[must_use]
    pub const fn identification(&self) -> u16 {
        u16::from_be_bytes([self.header[4], self.header[5]])
    }

    /// May no router cut it?
    #[must_use]
    pub const fn dont_fragment(&self) -> bool {
        self.header[6] & 0x40 != 0
    }

    /// How many more hops it may take.
    #[must_use]
    pub const fn hop_limit(&self) -> u8 {
        self.header[8]
    }

    /// Whether the checksum of the header is right.
    #[must_use]
    pub fn checksum(&self) -> ChecksumVerdict {
        ChecksumVerdict::of(Checksum::new().with(self.header).with(self.options))
    }
}
