//! SHA-256 (FIPS 180-4), computed while compiling: a Content-Security-Policy names the style sheet that it allows by it.

const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[rustfmt::skip]
const ROUNDS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The digest of a message.
pub(crate) const fn digest(message: &[u8]) -> [u8; 32] {
    let mut state = INITIAL;
    // The message, a one bit, zeros, and the length in bits as eight bytes.
    let blocks = (message.len() + 9).div_ceil(64);
    let mut number = 0;
    while number < blocks {
        state = absorb(state, &words(message, number, blocks));
        number += 1;
    }
    let mut digest = [0; 32];
    let mut at = 0;
    while at < 32 {
        digest[at] = state[at / 4].to_be_bytes()[at % 4];
        at += 1;
    }
    digest
}

/// A block of the padded message, and what becomes of it.
const fn words(message: &[u8], number: usize, blocks: usize) -> [u32; 64] {
    let mut words = [0; 64];
    let mut at = 0;
    while at < 64 {
        let position = number * 64 + at;
        let byte = if position < message.len() {
            message[position]
        } else if position == message.len() {
            0x80
        } else if position >= blocks * 64 - 8 {
            (message.len() as u64 * 8).to_be_bytes()[position % 8]
        } else {
            0
        };
        words[at / 4] = words[at / 4] << 8 | byte as u32;
        at += 1;
    }
    let mut next = 16;
    while next < 64 {
        let (early, late) = (words[next - 15], words[next - 2]);
        let early = early.rotate_right(7) ^ early.rotate_right(18) ^ early >> 3;
        let late = late.rotate_right(17) ^ late.rotate_right(19) ^ late >> 10;
        words[next] = words[next - 16].wrapping_add(early).wrapping_add(words[next - 7]).wrapping_add(late);
        next += 1;
    }
    words
}

const fn absorb(state: [u32; 8], words: &[u32; 64]) -> [u32; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    let mut round = 0;
    while round < 64 {
        let of_e = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let chosen = (e & f) ^ (!e & g);
        let first = h.wrapping_add(of_e).wrapping_add(chosen).wrapping_add(ROUNDS[round]).wrapping_add(words[round]);
        let of_a = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(first));
        (d, c, b, a) = (c, b, a, first.wrapping_add(of_a.wrapping_add(majority)));
        round += 1;
    }
    let (added, mut sum, mut at) = ([a, b, c, d, e, f, g, h], state, 0);
    while at < 8 {
        sum[at] = sum[at].wrapping_add(added[at]);
        at += 1;
    }
    sum
}

/// A digest in Base64 (RFC 4648 §4).
pub(super) const fn base64(digest: [u8; 32]) -> [u8; 44] {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = [b'='; 44];
    let mut at = 0;
    // 32 bytes are 42 groups of six bits, and four bits that are filled up.
    while at < 43 {
        let (byte, shift) = (at * 6 / 8, at * 6 % 8);
        let next = if byte + 1 < digest.len() { digest[byte + 1] } else { 0 };
        let pair = (digest[byte] as usize) << 8 | next as usize;
        text[at] = LETTERS[pair >> (10 - shift) & 63];
        at += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl dgst -sha256 -binary | base64` writes them; of lengths around those of the padding.
    #[test]
    fn digests_are_those_of_others() {
        for (message, expected) in [
            ("".into(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            ("abc".into(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
            ("a".repeat(55), "n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg="),
            ("a".repeat(56), "s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o="),
            ("a".repeat(63), "fT50oF19sVvOStnsBljqmOPwbu7PFrTG//LaRX3cLzQ="),
            ("a".repeat(64), "/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs="),
            ("a".repeat(1000), "Qe3s5C1j6Nm/UVqbppMuHCDLyfWl0TRkWttdsblzfqM="),
        ] {
            let text = base64(digest(message.as_bytes()));
            assert_eq!(str::from_utf8(&text), Ok(expected), "{message}");
        }
    }
}
