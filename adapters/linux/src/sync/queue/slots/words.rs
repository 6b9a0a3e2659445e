//! Bytes in words that other processes see.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

/// Copies bytes into words. Atomics, so that whatever a dead or confused process does is no undefined behaviour.
#[inline]
pub(super) fn write(words: &[AtomicU64], bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<8>();
    for (word, bytes) in words.iter().zip(whole) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
    if let Some(word) = words.get(whole.len()) {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        word.store(u64::from_le_bytes(last), Ordering::Relaxed);
    }
}

/// Copies as many bytes out of words, or all that there are.
#[inline]
pub(super) fn read(words: &[AtomicU64], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length.next_multiple_of(8).min(words.len() * 8));
    for word in words.iter().take(length.div_ceil(8)) {
        bytes.extend_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
