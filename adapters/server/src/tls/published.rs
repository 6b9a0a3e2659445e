//! A certificate and its key in memory that processes share, so that one of them can replace it for all.
//!
//! There are two places, used in turn. A reader whose place is written meanwhile notices that by the word in front, and reads
//! again.

use core::sync::atomic::{AtomicU64, Ordering, fence};

use wirenut_linux::Error;
use wirenut_linux::sync::SharedSlice;

use super::flaw::{TlsError, TlsFlaw};

/// For certificates and key together: a chain has some thousands.
const MAX_BYTES: usize = 64 * 1024;

/// Words of a place: two lengths, and the bytes.
const PLACE: usize = 2 + MAX_BYTES / 8;

/// One word that says how often it was replaced, and the places.
pub(super) struct Published(SharedSlice<AtomicU64>);

impl Published {
    pub(super) fn new() -> Result<Self, Error> {
        SharedSlice::new(1 + 2 * PLACE, |_| AtomicU64::new(0)).map(Self)
    }

    /// Replaces what is there. Returns how often that was done. One caller at a time.
    pub(super) fn publish(&self, certificates: &[u8], key: &[u8]) -> Result<u32, TlsError> {
        if certificates.len() + key.len() > MAX_BYTES {
            return Err(TlsError::of_certificate(TlsFlaw::TooLarge(MAX_BYTES)));
        }
        let generation = self.0[0].load(Ordering::Relaxed) + 1;
        let place = self.place(generation);
        // Each store releases the word in front as it is now: whoever still reads what was here before, and finds a word of
        // this in it, then also finds that the word in front has changed.
        place[0].store(certificates.len() as u64, Ordering::Release);
        place[1].store(key.len() as u64, Ordering::Release);
        let bytes: Vec<u8> = [certificates, key].concat();
        for (word, bytes) in place[2..].iter().zip(bytes.chunks(8)) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_ne_bytes(eight), Ordering::Release);
        }
        self.0[0].store(generation, Ordering::Release);
        Ok(u32::try_from(generation).unwrap_or(u32::MAX))
    }

    /// What is there, and how often it was replaced, if that is more often than `generation`.
    pub(super) fn newer_than(&self, generation: u32) -> Option<(u32, Vec<u8>, Vec<u8>)> {
        loop {
            let now = self.0[0].load(Ordering::Acquire);
            if now <= u64::from(generation) {
                return None;
            }
            let place = self.place(now);
            let [certificates, key] = [0, 1].map(|at| usize::try_from(place[at].load(Ordering::Relaxed)).unwrap_or(0));
            let words = certificates.saturating_add(key).min(MAX_BYTES).div_ceil(8);
            let mut bytes: Vec<u8> =
                place[2..2 + words].iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()).collect();
            // With this, the loads of the place come before that of the word in front, and see what its words were released with.
            fence(Ordering::Acquire);
            if self.0[0].load(Ordering::Relaxed) == now && certificates.saturating_add(key) <= bytes.len() {
                bytes.truncate(certificates + key);
                let key = bytes.split_off(certificates);
                return Some((u32::try_from(now).unwrap_or(u32::MAX), bytes, key));
            }
        }
    }

    fn place(&self, generation: u64) -> &[AtomicU64] {
        let at = if generation.is_multiple_of(2) { 1 } else { 1 + PLACE };
        &self.0[at..at + PLACE]
    }
}
