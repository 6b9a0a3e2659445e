//! A flag that is waited for, wherever it lies.

use core::convert::Infallible;
use core::sync::atomic::{AtomicU32, Ordering};

use zerocopy::FromBytes;

use super::deadline::Deadline;
use super::event_count::EventCount;

/// What an event of processes and one of threads have in common.
#[derive(Debug, Default, FromBytes)]
#[repr(C)]
pub(crate) struct Flag {
    /// How often it was set, and in the lowest bit whether it is. A flag alone would not do: who waits would miss that it was
    /// set and cleared again before they could look.
    word: AtomicU32,
    set: EventCount,
    /// How many have begun to wait, for tests to go on when they have.
    #[cfg(test)]
    pub(crate) waiting: AtomicU32,
}

const IS_SET: u32 = 1;
const ONCE: u32 = 2;

impl Flag {
    pub(crate) fn set(&self) {
        let set = |word: u32| (word & IS_SET == 0).then(|| word.wrapping_add(ONCE) | IS_SET);
        if self.word.fetch_update(Ordering::Release, Ordering::Relaxed, set).is_ok() {
            self.set.notify_all();
        }
    }

    pub(crate) fn clear(&self) {
        self.word.fetch_and(!IS_SET, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.word.load(Ordering::Acquire) & IS_SET != 0
    }

    /// Waits until it is set, also where it is cleared at once. False where the time was over before.
    pub(crate) fn wait(&self, deadline: Deadline) -> bool {
        let before = self.word.load(Ordering::Acquire);
        #[cfg(test)]
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let Ok(found) = self.set.wait_until(deadline, || {
            let word = self.word.load(Ordering::Acquire);
            Ok::<_, Infallible>((word & IS_SET != 0 || word & !IS_SET != before & !IS_SET).then_some(()))
        });
        found.is_some()
    }
}
