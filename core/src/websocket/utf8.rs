//! UTF-8 that comes in pieces.

use core::str;

/// Checks text as it comes, by the grammar of RFC 3629 §4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Utf8 {
    /// So many bytes of a character have not come.
    left: u8,
    /// Its first byte, if that is the one before.
    first: u8,
}

impl Utf8 {
    pub(super) const NEW: Self = Self { left: 0, first: 0 };

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
            // No overlong form, no surrogate, nothing beyond the last character.
            let least = match self.first {
                0xe0 => 0xa0,
                0xf0 => 0x90,
                _ => 0x80,
            };
            let greatest = match self.first {
                0xed => 0x9f,
                0xf4 => 0x8f,
                _ => 0xbf,
            };
            if byte < least || byte > greatest {
                return false;
            }
            *self = Self { left: self.left.wrapping_sub(1), first: 0 };
            return true;
        }
        let left = match byte {
            0x00..=0x7f => 0,
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf4 => 3,
            _ => return false,
        };
        *self = Self { left, first: byte };
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
