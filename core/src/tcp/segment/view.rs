//! Segments, read where they lie.

use core::net::IpAddr;

use crate::ip::{Captured, Checksum, ChecksumVerdict, PacketError, PacketRule, Protocol, missing};
use crate::tcp::SequenceNumber;
use crate::tcp::segment::{Flags, Options};

pub(super) const HEADER: usize = 20;

/// A checked view of a TCP segment.
///
/// A capture may end in its options or in its data: then [`Self::options`] says so at their end, and
/// [`Self::payload`] counts what is missing.
///
/// ```
/// use wirenut::ip::Captured;
/// use wirenut::tcp::segment::{Flags, Segment};
/// let bytes = [0x9c, 0x40, 0, 80, 0, 0, 0, 7, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0, b'G', b'E', b'T'];
/// let segment = Segment::parse(Captured::cut(&bytes, 120))?;
/// assert_eq!((segment.source_port(), segment.destination_port()), (40_000, 80));
/// assert_eq!((segment.flags(), segment.window()), (Flags::PSH | Flags::ACK, 256));
/// assert_eq!((segment.payload().bytes(), segment.sequence_length()), (&b"GET"[..], 100));
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Segment<'p> {
    header: &'p [u8; HEADER],
    options: Captured<'p>,
    payload: Captured<'p>,
}

impl<'p> Segment<'p> {
    /// Reads the header of what an IP packet carries, which is no fragment, or the first one.
    ///
    /// # Errors
    ///
    /// Fewer than its 20 fixed bytes are there, or its data offset lies before their end or behind the packet.
    #[inline]
    pub fn parse(segment: Captured<'p>) -> Result<Self, PacketError> {
        let header: &[u8; HEADER] = segment.header().ok_or_else(|| missing(segment, HEADER))?;
        let length = usize::from(header[12] >> 4).wrapping_mul(4);
        if length < HEADER {
            return Err(PacketError::new(PacketRule::HeaderTooShort, 12));
        }
        if length > segment.length() {
            return Err(PacketError::new(PacketRule::HeaderBeyondPacket, 12));
        }
        let options = segment.behind(HEADER).first(length.wrapping_sub(HEADER));
        Ok(Self { header, options, payload: segment.behind(length) })
    }

    /// The port that it was sent from.
    #[must_use]
    #[inline]
    pub const fn source_port(&self) -> u16 {
        u16::from_be_bytes([self.header[0], self.header[1]])
    }

    /// The port that it was sent to.
    #[must_use]
    #[inline]
    pub const fn destination_port(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// The number of its first byte, or of its SYN.
    #[must_use]
    #[inline]
    pub const fn sequence(&self) -> SequenceNumber {
        let [_, _, _, _, a, b, c, d, ..] = *self.header;
        SequenceNumber::new(u32::from_be_bytes([a, b, c, d]))
    }

    /// The number of the next byte that its sender expects. It counts where [`Flags::ACK`] is set.
    #[must_use]
    #[inline]
    pub const fn acknowledgment(&self) -> SequenceNumber {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *self.header;
        SequenceNumber::new(u32::from_be_bytes([a, b, c, d]))
    }

    /// The control bits.
    #[must_use]
    #[inline]
    pub const fn flags(&self) -> Flags {
        Flags::from_bits(self.header[13])
    }

    /// The four bits before the control bits, which are reserved, but for Accurate ECN (RFC 9768).
    #[must_use]
    pub const fn reserved(&self) -> u8 {
        self.header[12] & 15
    }

    /// How many more bytes its sender takes, unscaled (RFC 7323 §2).
    #[must_use]
    #[inline]
    pub const fn window(&self) -> u16 {
        u16::from_be_bytes([self.header[14], self.header[15]])
    }

    /// Where urgent data ends, counted from [`Self::sequence`]. It counts where [`Flags::URG`] is set.
    #[must_use]
    pub const fn urgent(&self) -> u16 {
        u16::from_be_bytes([self.header[18], self.header[19]])
    }

    /// Its options, one after the other.
    #[must_use]
    #[inline]
    pub fn options(&self) -> Options<'p> {
        Options::new(self.options)
    }

    /// Its options as they are, with their padding.
    #[must_use]
    #[inline]
    pub const fn raw_options(&self) -> Captured<'p> {
        self.options
    }

    /// Its data.
    #[must_use]
    #[inline]
    pub const fn payload(&self) -> Captured<'p> {
        self.payload
    }

    /// How many sequence numbers it takes: its data, and one each for SYN and FIN (SEG.LEN of RFC 9293 §3.4).
    #[must_use]
    #[inline]
    pub fn sequence_length(&self) -> u32 {
        let data = u32::try_from(self.payload.length()).unwrap_or(u32::MAX);
        let takes = |flag| u32::from(self.flags().intersects(flag));
        data.wrapping_add(takes(Flags::SYN)).wrapping_add(takes(Flags::FIN))
    }

    /// The number behind its last one.
    #[must_use]
    #[inline]
    pub fn end(&self) -> SequenceNumber {
        self.sequence().add(self.sequence_length())
    }

    /// Whether the checksum is right for a segment between these addresses. On the machine that sends, a capture often
    /// shows segments before the network card has written it.
    #[must_use]
    pub fn checksum(&self, source: IpAddr, destination: IpAddr) -> ChecksumVerdict {
        if !(self.options.is_whole() && self.payload.is_whole()) {
            return ChecksumVerdict::Unknown;
        }
        let length = HEADER.saturating_add(self.options.length()).saturating_add(self.payload.length());
        let sum = Checksum::pseudo_header(source, destination, Protocol::TCP, length);
        ChecksumVerdict::of(sum.with(self.header).with(self.options.bytes()).with(self.payload.bytes()))
    }
}
