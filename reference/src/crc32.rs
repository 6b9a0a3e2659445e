//! CRC-32 of IEEE 802.3, four bits at a time: a table of 64 bytes, where the usual one takes a kilobyte.

/// The polynomial, lowest bit first.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What four bits do to the remainder.
static TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut nibble = 0;
    #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "evaluated by the compiler")]
    while nibble < 16 {
        let mut remainder = nibble as u32;
        let mut bit = 0;
        while bit < 4 {
            remainder = remainder >> 1 ^ if remainder & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[nibble] = remainder;
        nibble += 1;
    }
    table
};

/// The CRC-32 of bytes that come in pieces.
///
/// ```
/// use wirenut_reference::Crc32;
/// let mut crc = Crc32::EMPTY;
/// crc.update(b"1234");
/// crc.update(b"56789");
/// assert_eq!(crc.value(), 0xcbf4_3926);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crc32 {
    remainder: u32,
}

impl Crc32 {
    /// Of nothing.
    pub const EMPTY: Self = Self { remainder: u32::MAX };

    /// The CRC of what came before and `bytes`, from now on.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.remainder ^= u32::from(*byte);
            for _ in 0..2 {
                let [low, ..] = self.remainder.to_le_bytes();
                let change = TABLE.get(usize::from(low & 15)).copied().unwrap_or(0);
                self.remainder = self.remainder >> 4 ^ change;
            }
        }
    }

    /// The CRC.
    #[must_use]
    pub const fn value(self) -> u32 {
        !self.remainder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogues() {
        let mut crc = Crc32::EMPTY;
        assert_eq!(crc.value(), 0);
        crc.update(b"1234");
        crc.update(b"56789");
        assert_eq!(crc.value(), 0xcbf4_3926);
    }
}
