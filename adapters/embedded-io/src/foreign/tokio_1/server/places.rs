//! How many connections a server may have: one count, also for those that several threads serve.

use core::sync::atomic::{AtomicU32, Ordering};

/// The places of a server, or of several that share a socket.
#[derive(Debug)]
pub(super) struct Places {
    free: AtomicU32,
}

impl Places {
    pub(super) const fn new(count: u32) -> Self {
        Self { free: AtomicU32::new(count) }
    }

    /// How many are free, unless somebody has just taken one.
    pub(super) fn free(&self) -> u32 {
        self.free.load(Ordering::Relaxed)
    }

    /// Takes a place. False if none is free.
    pub(super) fn take(&self) -> bool {
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok()
    }

    /// Gives back a place that was taken.
    pub(super) fn give_back(&self) {
        self.free.fetch_add(1, Ordering::Relaxed);
    }
}
