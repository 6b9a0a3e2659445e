//! Random bytes that nobody can foresee.

use rustix::rand::{GetRandomFlags, getrandom};
use wirenut::websocket::MaskKeys;

/// So many are asked for at once.
const BYTES: usize = 256;

/// Masking keys (RFC 6455 §5.3).
#[derive(Debug)]
pub(super) struct Keys {
    bytes: [u8; BYTES],
    used: usize,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self { bytes: random(), used: 0 }
    }
}

impl MaskKeys for Keys {
    fn next_key(&mut self) -> [u8; 4] {
        if self.bytes[self.used..].len() < 4 {
            *self = Self::new();
        }
        let key = [0, 1, 2, 3].map(|at| self.bytes[self.used + at]);
        self.used += key.len();
        key
    }
}

/// As many as getrandom(2) gives without a break: 256 at most.
///
/// # Panics
/// If the system has no random numbers: no kernel that this program runs on lacks them.
pub(super) fn random<const N: usize>() -> [u8; N] {
    const { assert!(N <= 256) };
    let mut bytes = [0; N];
    let count = getrandom(&mut bytes, GetRandomFlags::empty());
    assert_eq!(count, Ok(N), "the system has no random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_comes_twice() {
        let mut keys = Keys::new();
        let keys: std::collections::HashSet<_> = (0..200).map(|_| keys.next_key()).collect();
        // Two equal ones of 200 are found once in 200,000 runs.
        assert!(keys.len() >= 199, "{}", keys.len());
    }
}
