//! How one process wakes another that waits for a change in memory: futex(2). The one algorithm on futexes of this crate.
//!
//! An *event count* belongs to a condition that lies beside it in memory. Who waits registers, looks at the condition once
//! more, and sleeps only if nobody has notified since it registered. Who changes the condition notifies afterwards.
//!
//! Neither loses the other: the waiter registers and then looks, the notifier changes and then looks for waiters, with a
//! full barrier between the two on either side, so at least one sees the other.
//!
//! There is one word: how often somebody was notified, and in its lowest bit whether anybody may sleep. So to take the bit
//! away wakes whoever is about to sleep, and nobody sleeps while it is gone. *Lost:* a count of waiters beside the sequence.
//! A process that is killed leaves it too high for ever; to correct it takes away those that have just come, which the
//! model finds.
//!
//! A process may be killed at any step. One that has registered leaves the bit, and the next notifier takes it away. One
//! that was woken takes the wake-up along, and so does a notifier that is killed in the middle: therefore nobody sleeps for
//! longer than [`RECHECK`] without a look at the condition. It is what a death costs, and no wake-up that is lost.

use core::sync::atomic::{AtomicU32, Ordering, fence};

use rustix::io::Errno;
use rustix::thread::futex;
use rustix::time::Timespec;
use wirenut::time::Duration;
use zerocopy::FromBytes;

use super::deadline::Deadline;

/// After this time a process that waits looks again by itself, since the one that was woken for it may have been killed.
pub(crate) const RECHECK: Duration = Duration::from_millis(50);

/// A word of memory that can be waited for; for tests, one of a model.
pub(crate) trait Word {
    fn load(&self) -> u32;
    fn fetch_add(&self, number: u32) -> u32;
    fn fetch_or(&self, bits: u32) -> u32;
    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32>;
    /// Sleeps until it is woken or the time is over, unless the word is no longer `current`.
    fn sleep(&self, current: u32, limit: &Timespec);
    /// Wakes as many sleepers, and returns how many there were.
    fn wake(&self, most: u32) -> u32;
    /// A full barrier.
    fn barrier();
}

impl Word for AtomicU32 {
    fn load(&self) -> u32 {
        self.load(Ordering::Relaxed)
    }

    fn fetch_add(&self, number: u32) -> u32 {
        self.fetch_add(number, Ordering::Relaxed)
    }

    fn fetch_or(&self, bits: u32) -> u32 {
        self.fetch_or(bits, Ordering::Relaxed)
    }

    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32> {
        self.compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed)
    }

    fn sleep(&self, current: u32, limit: &Timespec) {
        match futex::wait(self, futex::Flags::empty(), current, Some(limit)) {
            // Whatever ended it, the caller looks at its condition. That includes the errors that cannot be.
            Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT | _) => {}
        }
    }

    fn wake(&self, most: u32) -> u32 {
        futex::wake(self, futex::Flags::empty(), most).map_or(0, |woken| u32::try_from(woken).unwrap_or(u32::MAX))
    }

    fn barrier() {
        fence(Ordering::SeqCst);
    }
}

/// See the [module](self).
#[derive(Debug, Default, FromBytes)]
#[repr(C)]
pub(crate) struct EventCount<W = AtomicU32> {
    /// How often somebody was notified, by [`ONCE`], and whether anybody may sleep. It wraps around: a sleeper would have to
    /// miss 2³¹ of them within one [`RECHECK`].
    word: W,
}

const MAY_SLEEP: u32 = 1;
const ONCE: u32 = 2;

/// That somebody has registered, and after how many notifications.
#[derive(Debug)]
pub(crate) struct Ticket(u32);

impl<W: Word> EventCount<W> {
    #[cfg(test)]
    pub(crate) const fn of(word: W) -> Self {
        Self { word }
    }

    /// Waits until `look` finds something. `None` when the time is over and `look` has found nothing since.
    pub(crate) fn wait_until<T, E>(
        &self,
        deadline: Deadline,
        mut look: impl FnMut() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        loop {
            if let Some(found) = look()? {
                return Ok(Some(found));
            }
            let ticket = self.register();
            let found = look();
            if !matches!(found, Ok(None)) || deadline.is_over() {
                return found;
            }
            self.sleep(&ticket, &deadline.left(RECHECK));
        }
    }

    /// Says that this process is about to sleep. It must look at its condition before it does.
    pub(crate) fn register(&self) -> Ticket {
        let ticket = Ticket(self.word.fetch_or(MAY_SLEEP) | MAY_SLEEP);
        W::barrier();
        ticket
    }

    /// Sleeps, unless somebody was notified since the ticket was made.
    pub(crate) fn sleep(&self, ticket: &Ticket, limit: &Timespec) {
        self.word.sleep(ticket.0, limit);
    }

    /// Wakes one that waits, after the condition has changed so that one can go on.
    #[inline]
    pub(crate) fn notify_one(&self) {
        W::barrier();
        if self.word.load() & MAY_SLEEP != 0 {
            self.wake_one();
        }
    }

    /// Wakes all that wait, after the condition has changed.
    #[inline]
    pub(crate) fn notify_all(&self) {
        W::barrier();
        self.wake_all();
    }

    #[cold]
    fn wake_one(&self) {
        self.word.fetch_add(ONCE);
        if self.word.wake(1) == 0 {
            // Nobody sleeps, or fell asleep just now: the next one need not look.
            self.wake_all();
        }
    }

    fn wake_all(&self) {
        let mut word = self.word.load();
        while word & MAY_SLEEP != 0 {
            match self.word.compare_exchange(word, word.wrapping_add(ONCE) & !MAY_SLEEP) {
                Ok(_) => {
                    self.word.wake(i32::MAX.unsigned_abs());
                    return;
                }
                Err(now) => word = now,
            }
        }
    }
}
