//! UTF-8 that comes in pieces.

use core::str;

/// Checks text as it comes. Keeps the beginning of a character that is cut: at most three bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Utf8 {
    cut: [u8; 4],
    length: u8,
}

impl Utf8 {
    pub(super) const NEW: Self = Self { cut: [0; 4], length: 0 };

    /// Reads on. `Err`: the index of the first byte that cannot stand. The bytes before it are read then.
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<(), usize> {
        let mut at: usize = 0;
        let mut rest = piece;
        // The rest of a character that was cut, byte by byte.
        while self.length > 0 {
            let [byte, behind @ ..] = rest else { return Ok(()) };
            if !self.push(*byte) {
                return Err(at);
            }
            (rest, at) = (behind, at.wrapping_add(1));
        }
        let Err(error) = str::from_utf8(rest) else { return Ok(()) };
        let (valid, tail) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
        at = at.wrapping_add(valid.len());
        for byte in tail {
            if !self.push(*byte) {
                return Err(at);
            }
            at = at.wrapping_add(1);
        }
        Ok(())
    }

    /// Has the last character come whole?
    pub(super) const fn is_complete(&self) -> bool {
        self.length == 0
    }

    /// One more byte of a character. `false`: it cannot stand there, and is not read.
    fn push(&mut self, byte: u8) -> bool {
        let length = usize::from(self.length);
        let Some(place) = self.cut.get_mut(length) else { return false };
        *place = byte;
        match str::from_utf8(self.cut.get(..=length).unwrap_or(&[])) {
            Ok(_) => self.length = 0,
            Err(error) if error.error_len().is_none() => self.length = self.length.wrapping_add(1),
            Err(_) => return false,
        }
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
