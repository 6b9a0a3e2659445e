//! SHA-1 (RFC 3174), for the handshake alone: it protects nothing there, and nothing else may be built on it.

use core::array;

/// The length of a key: 16 bytes in Base64.
pub(super) const KEY_LEN: usize = 24;

/// The first block of what is digested: a key, in the place of the `?`; the identifier of RFC 6455 §1.3 behind it; and the bit
/// with which the padding of SHA-1 begins (§4).
const BLOCK: [u8; 64] = *b"????????????????????????258EAFA5-E914-47DA-95CA-C5AB0DC85B11\x80\0\0\0";

/// The length of both, in bits, with which the second block ends. Before it stand zeros.
const LENGTH: u32 = 480;

/// The digest of a key with the identifier behind it.
pub(super) fn digest(key: &[u8; KEY_LEN]) -> [[u8; 4]; 5] {
    let mut block = BLOCK;
    if let Some(place) = block.first_chunk_mut() {
        *place = *key;
    }
    let mut state = INITIAL;
    for block in [&block[..], &[]] {
        compress(&mut state, block);
    }
    state.map(u32::to_be_bytes)
}

const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// One block (§6.2, method 2: sixteen words in a circle). An empty one stands for the last.
fn compress(state: &mut [u32; 5], block: &[u8]) {
    let (bytes, _) = block.as_chunks();
    let mut words: [u32; 16] = array::from_fn(|at| {
        let padding = if at == 15 { LENGTH } else { 0 };
        bytes.get(at).copied().map_or(padding, u32::from_be_bytes)
    });
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for round in 0..80_usize {
        let (mixed, constant) = match round {
            0..20 => (d ^ (b & (c ^ d)), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (d & (b | c)), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let word = |ahead: usize| words.get(round.wrapping_add(ahead) & 15).copied().unwrap_or(0);
        let (first, following) = (word(0), (word(13) ^ word(8) ^ word(2) ^ word(0)).rotate_left(1));
        // The word of sixteen rounds later takes the place of this one's.
        if let Some(place) = words.get_mut(round & 15) {
            *place = following;
        }
        let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(first);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    for (word, mixed) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(mixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3174 §7.3, with its padding.
    #[test]
    fn the_examples_of_the_rfc() {
        let mut short = [0; 64];
        short[..4].copy_from_slice(b"abc\x80");
        short[63] = 24;
        let mut state = INITIAL;
        compress(&mut state, &short);
        assert_eq!(state, [0xa999_3e36, 0x4706_816a, 0xba3e_2571, 0x7850_c26c, 0x9cd0_d89d]);

        let mut long = [0; 128];
        long[..57].copy_from_slice(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq\x80");
        long[126..].copy_from_slice(&448_u16.to_be_bytes());
        let mut state = INITIAL;
        long.chunks(64).for_each(|block| compress(&mut state, block));
        assert_eq!(state, [0x8498_3e44, 0x1c3b_d26e, 0xbaae_4aa1, 0xf951_29e5, 0xe546_70f1]);
    }

    #[test]
    fn the_example_of_the_handshake() {
        assert_eq!(
            digest(b"dGhlIHNhbXBsZSBub25jZQ==").as_flattened(),
            *b"\xb3\x7a\x4f\x2c\xc0\x62\x4f\x16\x90\xf6\x46\x06\xcf\x38\x59\x45\xb2\xbe\xc4\xea"
        );
    }
}
