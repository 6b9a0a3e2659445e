//! Comparing secrets.

use core::hint::black_box;

/// Are these the same bytes? How long it takes depends on how many bytes they are, and not on which: who sends guesses
/// cannot learn from it how much of one was right. That the lengths differ can be seen.
///
/// ```
/// use wirenut::http::constant_time_eq;
/// assert!(constant_time_eq(b"31d4d96e407aad42", b"31d4d96e407aad42"));
/// assert!(!constant_time_eq(b"31d4d96e407aad42", b"31d4d96e407aad43"));
/// ```
#[must_use]
#[inline(never)]
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    // `black_box` keeps the compiler from leaving the loop at the first difference.
    let difference = one.iter().zip(other).fold(0, |difference, (one, other)| black_box(difference | (one ^ other)));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_every_byte_counts() {
        let secret = [0x5a; 9];
        assert!(constant_time_eq(&secret, &secret) && constant_time_eq(&[], &[]));
        assert!(!constant_time_eq(&secret, &secret[1..]) && !constant_time_eq(&[], &secret));
        for at in 0..secret.len() {
            for bit in 0..8 {
                let mut guess = secret;
                guess[at] ^= 1 << bit;
                assert!(!constant_time_eq(&secret, &guess));
            }
        }
    }
}
