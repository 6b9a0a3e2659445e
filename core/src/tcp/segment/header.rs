//! Headers of segments as values.

use core::net::IpAddr;

use crate::bytes::copy;
use crate::ip::{Checksum, PacketError, PacketRule, Protocol};
use crate::tcp::SequenceNumber;
use crate::tcp::segment::view::HEADER;
use crate::tcp::segment::{Flags, OptionValues, Segment};

/// The header of a segment, with the options that the core knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The port that it is sent from.
    pub source_port: u16,
    /// The port that it is sent to.
    pub destination_port: u16,
    /// The number of its first byte, or of its SYN.
    pub sequence: SequenceNumber,
    /// The number of the next byte that the sender expects. It counts where [`Flags::ACK`] is set.
    pub acknowledgment: SequenceNumber,
    /// The control bits.
    pub flags: Flags,
    /// How many more bytes the sender takes, unscaled.
    pub window: u16,
    /// Where urgent data ends. It counts where [`Flags::URG`] is set.
    pub urgent: u16,
    /// Its options.
    pub options: OptionValues,
}

impl Header {
    /// All but the ports is zero.
    #[must_use]
    pub const fn new(source_port: u16, destination_port: u16) -> Self {
        Self {
            source_port,
            destination_port,
            sequence: SequenceNumber::new(0),
            acknowledgment: SequenceNumber::new(0),
            flags: Flags::NONE,
            window: 0,
            urgent: 0,
            options: OptionValues::NONE,
        }
    }

    /// That of a segment. Its unknown options and its reserved bits are left away.
    ///
    /// # Errors
    ///
    /// That of the first malformed option.
    pub fn parse(segment: &Segment<'_>) -> Result<Self, PacketError> {
        let options = OptionValues::parse(segment.options()).map_err(|error| error.behind(HEADER))?;
        Ok(Self {
            source_port: segment.source_port(),
            destination_port: segment.destination_port(),
            sequence: segment.sequence(),
            acknowledgment: segment.acknowledgment(),
            flags: segment.flags(),
            window: segment.window(),
            urgent: segment.urgent(),
            options,
        })
    }

    /// How many bytes [`Self::emit`] writes before the payload.
    #[must_use]
    pub fn len(&self) -> usize {
        self.options.len().saturating_add(HEADER)
    }

    /// Never: there is no header of no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Writes header and payload to the beginning of `buffer`, with the checksum for these addresses. Returns how many
    /// bytes it wrote.
    ///
    /// # Errors
    ///
    /// [`PacketRule::DoesNotFit`], if the options have no room in a header; [`PacketRule::BufferTooShort`].
    pub fn emit(
        &self,
        source: IpAddr,
        destination: IpAddr,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> Result<usize, PacketError> {
        let total = self.len().saturating_add(payload.len());
        let available = buffer.len();
        let short = PacketError::new(PacketRule::BufferTooShort, available);
        let written = buffer.get_mut(..total).ok_or(short)?;
        let (header, rest) = written.split_first_chunk_mut::<HEADER>().ok_or(short)?;
        let length = self.options.emit(rest).map_err(|error| error.behind(HEADER))?;
        let words = u8::try_from(length.saturating_add(HEADER) / 4).unwrap_or(0);
        let [[s0, s1], [d0, d1]] = [self.source_port, self.destination_port].map(u16::to_be_bytes);
        let [q0, q1, q2, q3] = self.sequence.value().to_be_bytes();
        let [a0, a1, a2, a3] = self.acknowledgment.value().to_be_bytes();
        let [[w0, w1], [u0, u1]] = [self.window, self.urgent].map(u16::to_be_bytes);
        let (offset, flags) = (words.wrapping_shl(4), self.flags.bits());
        *header = [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, w0, w1, 0, 0, u0, u1];
        copy(payload, rest.get_mut(length..).unwrap_or(&mut []));
        let sum = Checksum::pseudo_header(source, destination, Protocol::TCP, total).with(written).finish();
        let [high, low] = sum.to_be_bytes();
        if let Some([place_high, place_low]) = written.get_mut(16..18) {
            (*place_high, *place_low) = (high, low);
        }
        Ok(total)
    }
}
