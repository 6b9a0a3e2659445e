//! What was compressed lately, and how much memory all of it takes.

use alloc::collections::BTreeMap;
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
    pub(super) identity: (u64, u64),
    pub(super) length: u64,
    pub(super) modified: Option<SystemTime>,
    pub(super) changed: SystemTime,
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
    /// With when they were asked for last.
    files: HashMap<Key, (Arc<Compressed>, u64)>,
    /// The same files, in the order in which they were asked for last.
    order: BTreeMap<u64, Key>,
    bytes: u64,
    /// Counts what is asked for.
    clock: u64,
}

impl Remembered {
    fn insert(&mut self, key: Key, compressed: Arc<Compressed>) {
        self.remove(&key);
        self.clock += 1;
        self.bytes += compressed.bytes().len() as u64;
        self.order.insert(self.clock, key);
        self.files.insert(key, (compressed, self.clock));
    }

    fn remove(&mut self, key: &Key) -> Option<Arc<Compressed>> {
        let (compressed, last) = self.files.remove(key)?;
        self.order.remove(&last);
        self.bytes -= compressed.bytes().len() as u64;
        Some(compressed)
    }
}

impl Store {
    pub(super) fn find(&self, key: &Key) -> Option<Arc<Compressed>> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = remembered.remove(key)?;
        remembered.insert(*key, Arc::clone(&known));
        Some(known)
    }

    pub(super) fn remember(&self, key: Key, compressed: &Arc<Compressed>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(key, Arc::clone(compressed));
        while remembered.bytes > REMEMBERED || remembered.files.len() > FILES {
            let Some((_, oldest)) = remembered.order.first_key_value() else { return };
            let oldest = *oldest;
            remembered.remove(&oldest);
        }
    }

    /// Memory for what a file of this length is compressed to, twice as much as that may be. `None`: too much is in use.
    pub(super) fn reserve(&self, length: u64) -> Option<Reserved> {
        let reserved = Reserved { used: Arc::clone(&self.used), bytes: 2 * length };
        let used = self.used.fetch_add(reserved.bytes, Ordering::Relaxed);
        // What is remembered is a quarter of it: so what is being made and sent has room.
        (used + reserved.bytes <= MOST).then_some(reserved)
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
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
        assert_eq!(store.used(), 3 * quarter as u64 + 1);
    }

    #[test]
    fn of_ten_thousand_files_no_more_than_a_bound_is_remembered() {
        let store = Store::default();
        for number in 0..10_000 {
            // Of 0 to 99 KiB, so that now the files and now the bytes are too many.
            store.remember(key(number), &compressed(&store, (number as usize / 100) << 10));
            let remembered = store.remembered.lock().unwrap();
            let bytes: u64 = remembered.files.values().map(|(compressed, _)| compressed.bytes().len() as u64).sum();
            assert!(bytes <= REMEMBERED && remembered.files.len() <= FILES, "{number}");
            assert_eq!((remembered.bytes, remembered.order.len()), (bytes, remembered.files.len()));
            assert_eq!(store.used(), bytes, "nothing else is in use");
        }
        assert!(store.find(&key(9_999)).is_some() && store.find(&key(9_000)).is_none());
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
        assert_eq!(store.used(), FILES as u64);
    }
}
