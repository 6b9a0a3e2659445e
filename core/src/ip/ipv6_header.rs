//! IPv6 headers as values.

use core::net::Ipv6Addr;

use crate::bytes::copy;
use crate::ip::ipv6::HEADER;
use crate::ip::{Ipv6Packet, PacketError, PacketRule, Protocol};

/// The header of an IPv6 packet, with its extension headers as they are.
///
/// ```
/// use core::net::Ipv6Addr;
/// use wirenut::ip::{Captured, Ipv6Header, Ipv6Packet, Protocol};
/// let header = Ipv6Header::new(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, Protocol::UDP, 8);
/// let mut bytes = [0; 48];
/// header.emit(&mut bytes)?;
/// assert_eq!(Ipv6Header::parse(&Ipv6Packet::parse(Captured::whole(&bytes))?), header);
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ipv6Header<'p> {
    /// Who sends it.
    pub source: Ipv6Addr,
    /// Whom it is for.
    pub destination: Ipv6Addr,
    /// What lies directly behind the header: the first extension header, or what it carries.
    pub next_header: u8,
    /// Extension headers, as they are to be written; the last of them names what it carries.
    pub extensions: &'p [u8],
    /// How many bytes it carries, without extension headers.
    pub payload_length: usize,
    /// How many more hops it may take.
    pub hop_limit: u8,
    /// Differentiated services and congestion.
    pub traffic_class: u8,
    /// The number of its flow. Bits above the lower 20 are not written.
    pub flow_label: u32,
}

impl<'p> Ipv6Header<'p> {
    /// With 64 hops, without extension headers.
    #[must_use]
    pub const fn new(source: Ipv6Addr, destination: Ipv6Addr, protocol: Protocol, payload_length: usize) -> Self {
        Self {
            source,
            destination,
            next_header: protocol.number(),
            extensions: &[],
            payload_length,
            hop_limit: 64,
            traffic_class: 0,
            flow_label: 0,
        }
    }

    /// That of a packet.
    #[must_use]
    pub fn parse(packet: &Ipv6Packet<'p>) -> Self {
        Self {
            source: packet.source(),
            destination: packet.destination(),
            next_header: packet.next_header(),
            extensions: packet.extensions(),
            payload_length: packet.payload().length(),
            hop_limit: packet.hop_limit(),
            traffic_class: packet.traffic_class(),
            flow_label: packet.flow_label(),
        }
    }

    /// How many bytes [`Self::emit`] writes.
    #[must_use]
    pub const fn len(&self) -> usize {
        HEADER.saturating_add(self.extensions.len())
    }

    /// Never: there is no header of no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Writes it to the beginning of `buffer`. Returns what it left of the buffer, for the payload.
    ///
    /// # Errors
    ///
    /// [`PacketRule::DoesNotFit`], if extension headers and payload have more than 65,535 bytes;
    /// [`PacketRule::BufferTooShort`], if the header does not fit.
    pub fn emit<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], PacketError> {
        let length = self.extensions.len().saturating_add(self.payload_length);
        let length = u16::try_from(length).map_err(|_| PacketError::new(PacketRule::DoesNotFit, 0))?;
        let available = buffer.len();
        let short = PacketError::new(PacketRule::BufferTooShort, available);
        let (written, rest) = buffer.split_at_mut_checked(self.len()).ok_or(short)?;
        let (header, extensions) = written.split_first_chunk_mut::<HEADER>().ok_or(short)?;
        let class = u32::from(self.traffic_class).wrapping_shl(20);
        let start = 0x6000_0000 | class | (self.flow_label & 0x000f_ffff);
        let [length_high, length_low] = length.to_be_bytes();
        copy(&start.to_be_bytes(), header);
        copy(&[length_high, length_low, self.next_header, self.hop_limit], &mut header[4..]);
        copy(&self.source.octets(), &mut header[8..]);
        copy(&self.destination.octets(), &mut header[24..]);
        copy(self.extensions, extensions);
        Ok(rest)
    }
}
