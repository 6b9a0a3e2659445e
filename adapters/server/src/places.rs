//! How many connections a server has, and may have: one count for all of its threads.

use core::sync::atomic::{AtomicU32, Ordering};

/// The places of a server.
#[derive(Debug)]
pub(crate) struct Places {
    free: AtomicU32,
}

impl Places {
    pub(crate) const fn new(count: u32) -> Self {
        Self { free: AtomicU32::new(count) }
    }

    /// Takes a place. False if none is free.
    pub(crate) fn take(&self) -> bool {
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok()
    }

    /// Is none free?
    pub(crate) fn are_taken(&self) -> bool {
        self.free.load(Ordering::Relaxed) == 0
    }

    /// Gives back a place that was taken.
    pub(crate) fn give_back(&self) {
        self.free.fetch_add(1, Ordering::Relaxed);
    }
}
