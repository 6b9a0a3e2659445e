//! IPv4 headers as values.

use core::net::Ipv4Addr;

use crate::bytes::copy;
use crate::ip::ipv4::HEADER;
use crate::ip::{Checksum, Ipv4Packet, PacketError, PacketRule, Protocol};

/// The header of an IPv4 packet that is no fragment.
///
/// ```
/// use wirenut::ip::{Captured, Ipv4Header, Ipv4Packet, Protocol};
/// let header = Ipv4Header::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), Protocol::UDP, 8);
/// let mut bytes = [0; 28];
/// header.emit(&mut bytes)?;
/// assert_eq!(Ipv4Header::parse(&Ipv4Packet::parse(Captured::whole(&bytes))?), header);
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ipv4Header<'p> {
    /// Who sends it.
    pub source: Ipv4Addr,
    /// Whom it is for.
    pub destination: Ipv4Addr,
    /// What it carries.
    pub protocol: Protocol,
    /// How many bytes it carries.
    pub payload_length: usize,
    /// How many more hops it may take.
    pub hop_limit: u8,
    /// Differentiated services and congestion.
    pub traffic_class: u8,
    /// A number for it, in case that it is cut.
    pub identification: u16,
    /// May no router cut it?
    pub dont_fragment: bool,
    /// Its options, as they are to be written: at most 40 bytes, a multiple of four.
    pub options: &'p [u8],
}

impl<'p> Ipv4Header<'p> {
    /// With 64 hops, not to be cut, without options.
    #[must_use]
    pub const fn new(source: Ipv4Addr, destination: Ipv4Addr, protocol: Protocol, payload_length: usize) -> Self {
        Self {
            source,
            destination,
            protocol,
            payload_length,
            hop_limit: 64,
            traffic_class: 0,
            identification: 0,
            dont_fragment: true,
            options: &[],
        }
    }

    /// That of a packet. An authentication header, and its place among fragments, are left away.
    #[must_use]
    pub fn parse(packet: &Ipv4Packet<'p>) -> Self {
        Self {
            source: packet.source(),
            destination: packet.destination(),
            protocol: packet.protocol(),
            payload_length: packet.payload().length(),
            hop_limit: packet.hop_limit(),
            traffic_class: packet.traffic_class(),
            identification: packet.identification(),
            dont_fragment: packet.dont_fragment(),
            options: packet.options(),
        }
    }

    /// How many bytes [`Self::emit`] writes.
    #[must_use]
    pub const fn len(&self) -> usize {
        HEADER.saturating_add(self.options.len())
    }

    /// Never: there is no header of no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Writes it to the beginning of `buffer`, with its checksum. Returns what it left of the buffer, for the payload.
    ///
    /// # Errors
    ///
    /// [`PacketRule::DoesNotFit`], if header and payload have more than 65,535 bytes, or the options are too long or no
    /// multiple of four; [`PacketRule::BufferTooShort`], if the header does not fit.
    pub fn emit<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], PacketError> {
        let misfit = PacketError::new(PacketRule::DoesNotFit, 0);
        let length = self.len();
        let words =
            u8::try_from(length / 4).ok().filter(|words| *words <= 15 && length.is_multiple_of(4)).ok_or(misfit)?;
        let total = u16::try_from(length.saturating_add(self.payload_length)).map_err(|_| misfit)?;
        let available = buffer.len();
        let short = PacketError::new(PacketRule::BufferTooShort, available);
        let (written, rest) = buffer.split_at_mut_checked(length).ok_or(short)?;
        let (header, options) = written.split_first_chunk_mut::<HEADER>().ok_or(short)?;
        let [total_high, total_low] = total.to_be_bytes();
        let [id_high, id_low] = self.identification.to_be_bytes();
        let flags = if self.dont_fragment { 0x40 } else { 0 };
        let [s0, s1, s2, s3] = self.source.octets();
        let [d0, d1, d2, d3] = self.destination.octets();
        *header = [
            0x40 | words,
            self.traffic_class,
            total_high,
            total_low,
            id_high,
            id_low,
            flags,
            0,
            self.hop_limit,
            self.protocol.number(),
            0,
            0,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ];
        copy(self.options, options);
        let checksum = Checksum::new().with(header).with(options).finish();
        [header[10], header[11]] = checksum.to_be_bytes();
        Ok(rest)
    }
}
