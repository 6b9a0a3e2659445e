//! UDP (RFC 768).

use core::net::IpAddr;

use crate::bytes::copy;
use crate::ip::extension::missing;
use crate::ip::{Captured, Checksum, ChecksumVerdict, PacketError, PacketRule, Protocol};

const HEADER: usize = 8;

/// A checked view of a UDP datagram.
///
/// ```
/// use wirenut::ip::{Captured, ChecksumVerdict, UdpDatagram};
/// let datagram = UdpDatagram::parse(Captured::whole(&[0x30, 0x39, 0, 53, 0, 9, 0, 0, b'?', 0, 0]))?;
/// assert_eq!((datagram.source_port(), datagram.destination_port()), (12_345, 53));
/// assert_eq!(datagram.payload().bytes(), b"?");
/// let home = [127, 0, 0, 1].into();
/// assert_eq!(datagram.checksum(home, home), ChecksumVerdict::Absent);
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UdpDatagram<'p> {
    header: &'p [u8; HEADER],
    all: Captured<'p>,
}

impl<'p> UdpDatagram<'p> {
    /// Reads the header of what an IP packet carries. What lies behind the datagram's length is left away; a length of
    /// zero is that of a jumbogram (RFC 2675), which all belongs to.
    ///
    /// # Errors
    ///
    /// The header is not whole, or the length is below its own or beyond the packet.
    #[inline]
    pub fn parse(payload: Captured<'p>) -> Result<Self, PacketError> {
        let header: &[u8; HEADER] = payload.header().ok_or_else(|| missing(payload, HEADER))?;
        let all = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
            0 => payload,
            1..HEADER => return Err(PacketError::new(PacketRule::LengthBelowHeader, 4)),
            length if length > payload.length() => return Err(PacketError::new(PacketRule::LengthBeyondPacket, 4)),
            length => payload.first(length),
        };
        Ok(Self { header, all })
    }

    /// The port that it was sent from.
    #[must_use]
    pub const fn source_port(&self) -> u16 {
        u16::from_be_bytes([self.header[0], self.header[1]])
    }

    /// The port that it was sent to.
    #[must_use]
    pub const fn destination_port(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// What it carries.
    #[must_use]
    pub fn payload(&self) -> Captured<'p> {
        self.all.behind(HEADER)
    }

    /// Whether the checksum is right for a datagram between these addresses.
    #[must_use]
    pub fn checksum(&self, source: IpAddr, destination: IpAddr) -> ChecksumVerdict {
        if (self.header[6], self.header[7]) == (0, 0) {
            return ChecksumVerdict::Absent;
        }
        if !self.all.is_whole() {
            return ChecksumVerdict::Unknown;
        }
        let sum = Checksum::pseudo_header(source, destination, Protocol::UDP, self.all.length());
        ChecksumVerdict::of(sum.with(self.all.bytes()))
    }
}

/// The header of a UDP datagram as a value.
///
/// ```
/// use wirenut::ip::{Captured, ChecksumVerdict, UdpDatagram, UdpHeader};
/// let header = UdpHeader { source_port: 12_345, destination_port: 53 };
/// let (from, to) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
/// let mut bytes = [0; 16];
/// let length = header.emit(from, to, b"query", &mut bytes)?;
/// let datagram = UdpDatagram::parse(Captured::whole(&bytes[..length]))?;
/// assert_eq!((UdpHeader::parse(&datagram), datagram.payload().bytes()), (header, &b"query"[..]));
/// assert_eq!(datagram.checksum(from, to), ChecksumVerdict::Correct);
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpHeader {
    /// The port that it is sent from.
    pub source_port: u16,
    /// The port that it is sent to.
    pub destination_port: u16,
}

impl UdpHeader {
    /// How many bytes it has, before the payload.
    pub const LENGTH: usize = HEADER;

    /// That of a datagram.
    #[must_use]
    pub const fn parse(datagram: &UdpDatagram<'_>) -> Self {
        Self { source_port: datagram.source_port(), destination_port: datagram.destination_port() }
    }

    /// Writes header and payload to the beginning of `buffer`, with the checksum for these addresses. Returns how many
    /// bytes it wrote.
    ///
    /// # Errors
    ///
    /// [`PacketRule::DoesNotFit`], if header and payload have more than 65,535 bytes; [`PacketRule::BufferTooShort`], if
    /// they do not fit.
    pub fn emit(
        &self,
        source: IpAddr,
        destination: IpAddr,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> Result<usize, PacketError> {
        let total = HEADER.saturating_add(payload.len());
        let length = u16::try_from(total).map_err(|_| PacketError::new(PacketRule::DoesNotFit, 4))?;
        let available = buffer.len();
        let short = PacketError::new(PacketRule::BufferTooShort, available);
        let written = buffer.get_mut(..total).ok_or(short)?;
        let (header, rest) = written.split_first_chunk_mut::<HEADER>().ok_or(short)?;
        let [[s0, s1], [d0, d1]] = [self.source_port, self.destination_port].map(u16::to_be_bytes);
        let [l0, l1] = length.to_be_bytes();
        *header = [s0, s1, d0, d1, l0, l1, 0, 0];
        copy(payload, rest);
        let sum = Checksum::pseudo_header(source, destination, Protocol::UDP, total).with(written).finish();
        // Zero says that there is none; the other zero of ones' complement stands for it.
        let [high, low] = if sum == 0 { [0xff; 2] } else { sum.to_be_bytes() };
        if let [_, _, _, _, _, _, place_high, place_low, ..] = written {
            (*place_high, *place_low) = (high, low);
        }
        Ok(total)
    }
}
