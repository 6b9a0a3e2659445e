//! What was compressed lately, and how much memory all of it takes.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::serve::entry::OpenFile;

/// Bytes that are remembered.
const REMEMBERED: u64 = 32 << 20;

/// Files that are remembered.
const FILES: usize = 1000;

/// Bytes that are remembered, sent, and made, in all.
const MOST: u64 = 128 << 20;

/// A file as it was: as long as all of this is the same, its content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    identity: (u64, u64),
    length: u64,
    modified: Option<SystemTime>,
    changed: SystemTime,
}

impl Key {
    pub(super) const fn of(file: &OpenFile) -> Self {
        Self { identity: file.identity, length: file.length, modified: file.modified, changed: file.changed }
    }
}

/// What was compressed, the least recently asked for goes first.
#[derive(Default)]
pub(super) struct Store {
    remembered: Mutex<Remembered>,
    /// Bytes in use.
    used: Arc<AtomicU64>,
}

#[derive(Default)]
struct Remembered {
    files: HashMap<Key, (Arc<Compressed>, u64)>,
    bytes: u64,
    /// Counts what is asked for.
    clock: u64,
}

impl Store {
    pub(super) fn find(&self, key: &Key) -> Option<Arc<Compressed>> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.clock += 1;
        let now = remembered.clock;
        let (compressed, last) = remembered.files.get_mut(key)?;
        *last = now;
        Some(Arc::clone(compressed))
    }

    pub(super) fn remember(&self, key: Key, compressed: &Arc<Compressed>) {
        let length = compressed.bytes().len() as u64;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = &mut *remembered;
        remembered.clock += 1;
        if let Some((before, _)) = remembered.files.insert(key, (Arc::clone(compressed), remembered.clock)) {
            remembered.bytes -= before.bytes().len() as u64;
        }
        remembered.bytes += length;
        while remembered.bytes > REMEMBERED || remembered.files.len() > FILES {
            let oldest = remembered.files.iter().min_by_key(|(_, (_, last))| *last).map(|(key, _)| *key);
            let Some((gone, _)) = oldest.and_then(|key| remembered.files.remove(&key)) else { return };
            remembered.bytes -= gone.bytes().len() as u64;
        }
    }

    /// Memory for a file of this length, and what it is compressed to. `None`: too much is in use.
    pub(super) fn reserve(&self, length: u64) -> Option<Reserved> {
        let reserved = Reserved { used: Arc::clone(&self.used), bytes: 2 * length };
        let used = self.used.fetch_add(reserved.bytes, Ordering::Relaxed);
        // What is remembered is a quarter of it: so what is being made and sent has room.
        (used + reserved.bytes <= MOST).then_some(reserved)
    }
}

/// Memory that is in use, until this is dropped.
pub(super) struct Reserved {
    used: Arc<AtomicU64>,
    bytes: u64,
}

impl Reserved {
    pub(super) fn hold(mut self, bytes: Vec<u8>) -> Compressed {
        let length = bytes.len() as u64;
        self.used.fetch_add(length, Ordering::Relaxed);
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = length;
        Compressed { bytes, _reserved: self }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A compressed file.
pub struct Compressed {
    bytes: Vec<u8>,
    _reserved: Reserved,
}

impl Compressed {
    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl core::fmt::Debug for Compressed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Compressed({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use std::time::UNIX_EPOCH;

    fn key(number: u64) -> Key {
        let changed = UNIX_EPOCH + Duration::from_secs(number);
        Key { identity: (1, number), length: 1, modified: None, changed }
    }

    fn compressed(store: &Store, length: usize) -> Arc<Compressed> {
        Arc::new(store.reserve(length as u64).unwrap().hold(vec![0; length]))
    }

    #[test]
    fn what_was_not_asked_for_goes_first() {
        let store = Store::default();
        let quarter = (REMEMBERED / 4) as usize;
        for number in 0..4 {
            store.remember(key(number), &compressed(&store, quarter));
        }
        assert!(store.find(&key(0)).is_some());
        store.remember(key(4), &compressed(&store, quarter));
        let known: Vec<_> = (0..5).filter(|number| store.find(&key(*number)).is_some()).collect();
        assert_eq!(known, [0, 2, 3, 4]);
        store.remember(key(4), &compressed(&store, 1));
        assert_eq!(store.used.load(Ordering::Relaxed), 3 * quarter as u64 + 1);
    }

    #[test]
    fn files_and_bytes_are_bounded() {
        let store = Store::default();
        for number in 0..=FILES as u64 {
            store.remember(key(number), &compressed(&store, 1));
        }
        assert!(store.find(&key(0)).is_none() && store.find(&key(1)).is_some());
        let held: Vec<_> = (0..14).map(|_| compressed(&store, 8 << 20)).collect();
        assert!(store.reserve(8 << 20).is_none(), "{} are being sent", held.len());
        drop(held);
        assert!(store.reserve(8 << 20).is_some());
        assert_eq!(store.used.load(Ordering::Relaxed), FILES as u64);
    }
}
