//! UTF-8 that comes in pieces.

use core::str;

/// Checks text as it comes, and keeps what may follow within a character: the grammar of RFC 3629 §4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Utf8 {
    /// So many bytes of a character have not come.
    left: u8,
    /// The least and the greatest byte that the next of them may be.
    low: u8,
    high: u8,
}

impl Utf8 {
    pub(super) const NEW: Self = Self::before(0);

    /// So many bytes of a character follow, the next of which is limited no further.
    const fn before(left: u8) -> Self {
        Self { left, low: 0x80, high: 0xbf }
    }

    /// Reads on. `Err`: the index of the first byte that cannot stand. The bytes before it are read then.
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<(), usize> {
        let mut rest = piece.iter();
        while !rest.as_slice().is_empty() {
            // Words at a time. On a device that would be 0.6 KiB of flash, for text of a few bytes.
            if cfg!(target_pointer_width = "64") && self.is_complete() {
                let Err(error) = str::from_utf8(rest.as_slice()) else { break };
                rest = rest.as_slice().get(error.valid_up_to()..).unwrap_or(&[]).iter();
            }
            if rest.next().is_some_and(|byte| !self.push(*byte)) {
                // That byte is behind as well.
                let behind = rest.len().wrapping_add(1);
                return Err(piece.len().wrapping_sub(behind));
            }
        }
        Ok(())
    }

    /// Has the last character come whole?
    pub(super) const fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// One more byte. `false`: it cannot stand there, and is not read.
    fn push(&mut self, byte: u8) -> bool {
        if self.left > 0 {
            let may_stand = self.low <= byte && byte <= self.high;
            if may_stand {
                *self = Self::before(self.left.wrapping_sub(1));
            }
            return may_stand;
        }
        *self = match byte {
            0x00..=0x7f => Self::before(0),
            0xc2..=0xdf => Self::before(1),
            // No overlong form, no surrogate, nothing beyond the last character.
            0xe0 => Self { low: 0xa0, ..Self::before(2) },
            0xed => Self { high: 0x9f, ..Self::before(2) },
            0xe1..=0xef => Self::before(2),
            0xf0 => Self { low: 0x90, ..Self::before(3) },
            0xf1..=0xf3 => Self::before(3),
            0xf4 => Self { high: 0x8f, ..Self::before(3) },
            _ => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the first byte is that cannot stand, by the definition: no character begins so.
    fn expected(bytes: &[u8]) -> Result<bool, usize> {
        for end in 1..=bytes.len() {
            if let Err(error) = str::from_utf8(&bytes[..end])
                && error.error_len().is_some()
            {
                return Err(end - 1);
            }
        }
        Ok(str::from_utf8(bytes).is_ok())
    }

    #[test]
    fn the_first_byte_that_cannot_stand_is_found_in_any_cut() {
        let bytes =
            [0x00, b'a', 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff];
        let count = bytes.len();
        for number in 0..count.pow(4) {
            let text: [u8; 6] = [
                b'x',
                bytes[number % count],
                bytes[number / count % count],
                bytes[number / count.pow(2) % count],
                bytes[number / count.pow(3)],
                b'y',
            ];
            let expected = expected(&text);
            for cut in 0..=text.len() {
                let mut utf8 = Utf8::NEW;
                let (one, other) = text.split_at(cut);
                let found = match utf8.check(one) {
                    Ok(()) => utf8.check(other).map_err(|at| at + cut),
                    Err(at) => Err(at),
                };
                assert_eq!(found.map(|()| utf8.is_complete()), expected, "{text:x?} cut at {cut}");
            }
        }
    }
}
