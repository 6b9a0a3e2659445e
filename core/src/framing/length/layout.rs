//! How a length is written, and which lengths can be said so.

use core::fmt;

/// How wide a length is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Width {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Three bytes.
    U24,
    /// Four bytes.
    U32,
    /// Unsigned LEB128, as in WebAssembly and DWARF: seven bits a byte, the lowest first; the shortest form only, of at
    /// most five bytes.
    Leb128,
}

/// Which byte of a length comes first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ByteOrder {
    /// The highest: network byte order.
    BigEndian,
    /// The lowest.
    LittleEndian,
}

/// The most bytes that a length takes.
pub(super) const MAX_WIDTH: usize = 5;

impl Width {
    /// How many bytes it takes; None where that depends on the number.
    pub(super) const fn bytes(self) -> Option<usize> {
        match self {
            Self::U8 => Some(1),
            Self::U16 => Some(2),
            Self::U24 => Some(3),
            Self::U32 => Some(4),
            Self::Leb128 => None,
        }
    }

    /// The largest number that it can say.
    pub(super) const fn max(self) -> u32 {
        match self {
            Self::U8 => 0xff,
            Self::U16 => 0xffff,
            Self::U24 => 0x00ff_ffff,
            Self::U32 | Self::Leb128 => u32::MAX,
        }
    }

    /// Writes a number that it can say. Returns the bytes, and how many they are.
    pub(super) fn write(self, order: ByteOrder, value: u32) -> ([u8; MAX_WIDTH], usize) {
        let mut bytes = [0; MAX_WIDTH];
        let Some(width) = self.bytes() else {
            let (mut rest, mut length) = (value, 0_usize);
            for byte in &mut bytes {
                let more = if rest > 0x7f { 0x80 } else { 0 };
                *byte = u8::try_from(rest & 0x7f).unwrap_or(0) | more;
                rest >>= 7;
                length = length.saturating_add(1);
                if more == 0 {
                    break;
                }
            }
            return (bytes, length);
        };
        let little = value.to_le_bytes();
        for (byte, from) in bytes.iter_mut().zip(little) {
            *byte = from;
        }
        if order == ByteOrder::BigEndian
            && let Some(bytes) = bytes.get_mut(..width)
        {
            bytes.reverse();
        }
        (bytes, width)
    }
}

/// A length in front of messages that cannot work.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum InvalidLayout {
    /// The longest message has a length that the number cannot say.
    LimitTooLarge {
        /// What it can say at most, of the message.
        most: u32,
    },
    /// No number is large enough: after the adjustment each length is below zero.
    AdjustmentTooLow {
        /// The lowest that leaves room for an empty message.
        least: i32,
    },
    /// More is stripped than stands in front of the message.
    StripTooLarge,
}

impl fmt::Display for InvalidLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitTooLarge { most } => {
                write!(f, "the length can say {most} bytes at most: choose a lower limit or a wider length")
            }
            Self::AdjustmentTooLow { least } => {
                write!(
                    f,
                    "each length is below zero after the adjustment: add {least} at least, or choose a wider length"
                )
            }
            Self::StripTooLarge => f.write_str("more is stripped than stands in front of the message"),
        }
    }
}

impl core::error::Error for InvalidLayout {}
