//! A checksum behind each message.

use crc::{Crc, Width as CrcWidth};

use super::length::ByteOrder;

/// What stands behind each message, and is checked and taken off.
pub trait Checksum {
    /// How many bytes it has.
    const LENGTH: usize;

    /// The checksum of these bytes, in the first [`Self::LENGTH`] bytes.
    fn of(&self, message: &[u8]) -> [u8; 4];
}

/// Nothing: every message is as it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoTrailer;

impl Checksum for NoTrailer {
    const LENGTH: usize = 0;

    fn of(&self, _: &[u8]) -> [u8; 4] {
        [0; 4]
    }
}

/// A cyclic redundancy check behind each message, of 8, 16 or 32 bits: any algorithm of the crate [`crc`].
///
/// ```
/// use wirenut::framing::{ByteOrder, Frames, Item, Slip, Trailer};
/// static CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
/// let mut frames = Frames::new(Slip::new()).with_trailer(Trailer::new(&CRC, ByteOrder::LittleEndian));
/// let (mut out, mut store) = ([0; 32], [0; 32]);
/// let length = frames.encode(b"123456789", &mut out).unwrap();
/// assert_eq!(out[10..14], 0xcbf4_3926_u32.to_le_bytes());
/// assert_eq!(frames.receive(&out[..length], &mut store)?.1, Item::Frame(b"123456789"));
/// # Ok::<(), wirenut::framing::FrameError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Trailer<W: CrcWidth> {
    crc: &'static Crc<W>,
    order: ByteOrder,
}

impl<W: CrcWidth> Trailer<W> {
    /// This checksum, in this order.
    #[must_use]
    pub const fn new(crc: &'static Crc<W>, order: ByteOrder) -> Self {
        Self { crc, order }
    }
}

static FCS_16: Crc<u16> = Crc::<u16>::new(&crc::CRC_16_IBM_SDLC);

impl Trailer<u16> {
    /// The frame check sequence of 16 bits of RFC 1662 §C.2, the lowest byte first.
    #[must_use]
    pub const fn fcs_16() -> Self {
        Self::new(&FCS_16, ByteOrder::LittleEndian)
    }
}

impl Checksum for Trailer<u8> {
    const LENGTH: usize = 1;

    /// One byte has no order.
    fn of(&self, message: &[u8]) -> [u8; 4] {
        [self.crc.checksum(message), 0, 0, 0]
    }
}

impl Checksum for Trailer<u16> {
    const LENGTH: usize = 2;

    fn of(&self, message: &[u8]) -> [u8; 4] {
        let sum = self.crc.checksum(message);
        let [first, second] = match self.order {
            ByteOrder::BigEndian => sum.to_be_bytes(),
            ByteOrder::LittleEndian => sum.to_le_bytes(),
        };
        [first, second, 0, 0]
    }
}

impl Checksum for Trailer<u32> {
    const LENGTH: usize = 4;

    fn of(&self, message: &[u8]) -> [u8; 4] {
        let sum = self.crc.checksum(message);
        match self.order {
            ByteOrder::BigEndian => sum.to_be_bytes(),
            ByteOrder::LittleEndian => sum.to_le_bytes(),
        }
    }
}

impl<W: CrcWidth> core::fmt::Debug for Trailer<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Trailer").field("order", &self.order).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static CRC_8: Crc<u8> = Crc::<u8>::new(&crc::CRC_8_SMBUS);
    static CRC_16: Crc<u16> = Crc::<u16>::new(&crc::CRC_16_MODBUS);

    /// The check values of the catalogue, in both orders.
    #[test]
    fn checksums_have_as_many_bytes_as_they_say() {
        assert_eq!(Trailer::new(&CRC_8, ByteOrder::BigEndian).of(b"123456789"), [0xf4, 0, 0, 0]);
        assert_eq!(Trailer::new(&CRC_16, ByteOrder::BigEndian).of(b"123456789"), [0x4b, 0x37, 0, 0]);
        assert_eq!(Trailer::new(&CRC_16, ByteOrder::LittleEndian).of(b"123456789"), [0x37, 0x4b, 0, 0]);
        assert_eq!(Trailer::fcs_16().of(b"123456789"), [0x6e, 0x90, 0, 0]);
    }
}
