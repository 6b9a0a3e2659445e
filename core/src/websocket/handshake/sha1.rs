//! SHA-1 (RFC 3174), for the handshake alone: it protects nothing there, and nothing else may be built on it.

/// The digest of `parts`, one behind the other, which have 119 bytes at most. Longer ones have none.
pub(super) fn digest(parts: &[&[u8]]) -> Option<[u8; 20]> {
    let mut message = [0; 128];
    let mut free = message.as_mut_slice();
    let mut length: u64 = 0;
    for part in parts {
        let (place, rest) = free.split_at_mut_checked(part.len())?;
        place.copy_from_slice(part);
        length = length.saturating_add(u64::try_from(part.len()).ok()?);
        free = rest;
    }
    *free.first_mut().filter(|_| length < 120)? = 0x80;
    let is_short = length < 56;
    let (blocks, _) = message.as_chunks_mut::<64>();
    let blocks = if is_short { blocks.get_mut(..1)? } else { blocks };
    *blocks.last_mut()?.last_chunk_mut()? = length.checked_mul(8)?.to_be_bytes();
    let state = blocks.iter().fold(INITIAL, compress);
    let mut digest = [0; 20];
    for (place, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    Some(digest)
}

const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// One block (§6.2, method 2: sixteen words in a circle).
fn compress(state: [u32; 5], block: &[u8; 64]) -> [u32; 5] {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d, mut e] = state;
    for round in 0..80_u8 {
        // Of the circle: the word of this round is that of sixteen rounds before, until it is made.
        let at = |back: u8| usize::from(round.wrapping_sub(back) & 15);
        let read = |back| words.get(at(back)).copied().unwrap_or(0);
        let mut word = read(16);
        if round >= 16 {
            word = (read(3) ^ read(8) ^ read(14) ^ word).rotate_left(1);
            if let Some(place) = words.get_mut(at(16)) {
                *place = word;
            }
        }
        let (mixed, constant) = match round {
            0..20 => (d ^ (b & (c ^ d)), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (d & (b | c)), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    let [p, q, r, s, t] = state;
    [p.wrapping_add(a), q.wrapping_add(b), r.wrapping_add(c), s.wrapping_add(d), t.wrapping_add(e)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfcs() {
        let cases: [(&[&[u8]], [u8; 20]); 3] = [
            // RFC 3174 §7.3.
            (&[b"abc"], *b"\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d"),
            (
                &[b"abcdbcdecdefdefgefghfghighijhi", b"jkijkljklmklmnlmnomnopnopq"],
                *b"\x84\x98\x3e\x44\x1c\x3b\xd2\x6e\xba\xae\x4a\xa1\xf9\x51\x29\xe5\xe5\x46\x70\xf1",
            ),
            // RFC 6455 §1.3.
            (
                &[b"dGhlIHNhbXBsZSBub25jZQ==", b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"],
                *b"\xb3\x7a\x4f\x2c\xc0\x62\x4f\x16\x90\xf6\x46\x06\xcf\x38\x59\x45\xb2\xbe\xc4\xea",
            ),
        ];
        for (parts, expected) in cases {
            assert_eq!(digest(parts), Some(expected));
        }
    }

    #[test]
    fn what_is_too_long_has_none() {
        let bytes = [b'a'; 128];
        for (length, has_one) in
            [(0, true), (55, true), (56, true), (119, true), (120, false), (127, false), (128, false)]
        {
            assert_eq!(digest(&[&bytes[..length]]).is_some(), has_one, "{length}");
        }
    }
}
