//! How one process wakes another that waits for a change in memory: futex(2). The one algorithm on futexes of this crate.
//!
//! An *event count* belongs to a condition that lies beside it in memory. Who waits registers, looks at the condition once
//! more, and sleeps only if nobody has notified since it registered. Who changes the condition notifies afterwards.
//!
//! Neither loses the other: the waiter registers and then looks, the notifier changes and then looks for waiters, with a
//! full barrier between the two on either side, so at least one sees the other.
//!
//! A process may be killed at any step. One that had registered leaves a count that is too high: the next notifier makes a
//! system call in vain, and corrects it. One that had been woken takes the wake-up along: so nobody sleeps for longer than
//! [`RECHECK`] without a look at the condition. It is what a death costs, and no wake-up that is lost.

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
    /// How often somebody was notified. It wraps around: a sleeper would have to miss 2³² of them within one [`RECHECK`].
    sequence: W,
    /// How many have registered: never too low, but for those that a notifier has taken for dead, which do not sleep.
    waiters: W,
}

/// That somebody has registered, and after how many notifications.
#[derive(Debug)]
pub(crate) struct Ticket(u32);

impl<W: Word> EventCount<W> {
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
                self.leave();
                return found;
            }
            self.sleep(&ticket, &deadline.left(RECHECK));
        }
    }

    /// Says that this process is about to sleep. It must look at its condition, and then [`sleep`](Self::sleep) or
    /// [`leave`](Self::leave).
    pub(crate) fn register(&self) -> Ticket {
        self.waiters.fetch_add(1);
        let ticket = Ticket(self.sequence.load());
        W::barrier();
        ticket
    }

    /// Sleeps, unless somebody was notified since the ticket was made; and is no longer registered.
    pub(crate) fn sleep(&self, ticket: &Ticket, limit: &Timespec) {
        self.sequence.sleep(ticket.0, limit);
        self.leave();
    }

    /// Is no longer registered.
    pub(crate) fn leave(&self) {
        let mut count = self.waiters.load();
        // A notifier may have set it to zero meanwhile.
        while let Some(less) = count.checked_sub(1) {
            match self.waiters.compare_exchange(count, less) {
                Ok(_) => return,
                Err(now) => count = now,
            }
        }
    }

    /// Wakes one that waits, after the condition has changed so that one can go on.
    pub(crate) fn notify_one(&self) {
        self.notify(1);
    }

    /// Wakes all that wait, after the condition has changed.
    pub(crate) fn notify_all(&self) {
        self.notify(i32::MAX.unsigned_abs());
    }

    #[inline]
    fn notify(&self, most: u32) {
        W::barrier();
        let registered = self.waiters.load();
        if registered != 0 {
            self.wake(registered, most);
        }
    }

    #[cold]
    fn wake(&self, registered: u32, most: u32) {
        self.sequence.fetch_add(1);
        if self.sequence.wake(most) == 0 {
            // Nobody sleeps: those that are registered see the new sequence before they would, or are dead.
            let _ = self.waiters.compare_exchange(registered, 0);
        }
    }
}
