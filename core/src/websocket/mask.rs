//! Masking: RFC 6455 §5.3.

/// A masking key, and how far it is used: masks payload in whatever pieces it comes. To mask and to unmask are the same.
///
/// ```
/// use wirenut::websocket::Mask;
/// let mut hello = *b"\x7f\x9f\x4d\x51\x58";
/// let mut mask = Mask::new([0x37, 0xfa, 0x21, 0x3d]);
/// mask.apply(&mut hello[..2]);
/// mask.apply(&mut hello[2..]);
/// assert_eq!(&hello, b"Hello");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mask {
    /// The key, turned so that its lowest byte is the next one to be used.
    key: u32,
}

impl Mask {
    /// From the beginning of a frame's payload.
    #[must_use]
    pub const fn new(key: [u8; 4]) -> Self {
        Self { key: u32::from_le_bytes(key) }
    }

    /// Changes nothing: what the payload of an unmasked frame has.
    pub(super) const NONE: Self = Self::new([0; 4]);

    /// Masks the next bytes where they lie.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        let (words, rest) = bytes.as_chunks_mut::<4>();
        // The compiler makes vectors of these words where there are some.
        for word in words {
            *word = (u32::from_le_bytes(*word) ^ self.key).to_le_bytes();
        }
        for byte in rest {
            *byte ^= self.next();
        }
    }

    /// Masks the next bytes on their way from one slice to another: as many as both have. Returns how many.
    pub fn copy(&mut self, from: &[u8], to: &mut [u8]) -> usize {
        let length = from.len().min(to.len());
        let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) else { return 0 };
        let ((words, rest), (to_words, to_rest)) = (from.as_chunks::<4>(), to.as_chunks_mut::<4>());
        for (to, word) in to_words.iter_mut().zip(words) {
            *to = (u32::from_le_bytes(*word) ^ self.key).to_le_bytes();
        }
        for (to, byte) in to_rest.iter_mut().zip(rest) {
            *to = byte ^ self.next();
        }
        length
    }

    /// The next byte of the key.
    const fn next(&mut self) -> u8 {
        let [next, ..] = self.key.to_le_bytes();
        self.key = self.key.rotate_right(8);
        next
    }

    /// Passes over so many bytes: only their number modulo four counts.
    pub(super) const fn advance(&mut self, count: usize) {
        self.key = match count % 4 {
            0 => self.key,
            1 => self.key.rotate_right(8),
            2 => self.key.rotate_right(16),
            _ => self.key.rotate_right(24),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length, at every phase, in every cut, against the definition.
    #[test]
    fn masks_as_the_rfc_says_at_any_offset() {
        let key = [1, 20, 99, 255];
        let mut plain = [0_u8; 70];
        for (byte, value) in plain.iter_mut().zip(7..) {
            *byte = value;
        }
        for length in 0..plain.len() {
            for cut in 0..=length {
                let expected = |at: usize| plain[at] ^ key[at % 4];
                let (mut in_place, mut copied) = (plain, [0; 70]);
                let mut mask = Mask::new(key);
                mask.apply(&mut in_place[..cut]);
                mask.apply(&mut in_place[cut..length]);
                let mut mask = Mask::new(key);
                assert_eq!(mask.copy(&plain[..cut], &mut copied), cut);
                assert_eq!(mask.copy(&plain[cut..length], &mut copied[cut..]), length - cut);
                for at in 0..length {
                    assert_eq!(
                        (in_place[at], copied[at]),
                        (expected(at), expected(at)),
                        "{at} of {length}, cut at {cut}"
                    );
                }
                assert_eq!(in_place[length..], plain[length..]);
                assert!(copied[length..].iter().all(|byte| *byte == 0));
            }
        }
    }
}
