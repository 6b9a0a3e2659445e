//! Waiting for a change of what a lock protects.

use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Duration;
use zerocopy::FromBytes;

use super::deadline::Deadline;
use super::event_count::{EventCount, RECHECK};
use super::lock::{Guard, Locked};
use super::memory::{Memory, Plain};
use super::shared::Shared;
use crate::error::Error;

/// A change of what a [`Lock`](super::Lock) protects, to be waited for: pthread_cond_wait(3) for processes that may die.
///
/// No wake-up is lost: to release the lock and to wait is one step for whoever changes the value under the lock. A process
/// that is killed after it was woken takes no other's wake-up along for longer than 50 ms, after which everybody that waits
/// looks again.
///
/// ```
/// use wirenut_linux::process;
/// use wirenut_linux::sync::{Condition, Lock};
///
/// let (stock, change) = (Lock::new(0_u32)?, Condition::new()?);
/// let child = process::spawn({
///     let (stock, change) = (stock.clone(), change.clone());
///     move || {
///         *stock.lock().unwrap().into_inner() += 3;
///         change.notify_one();
///     }
/// })?;
/// let guard = stock.lock()?.into_inner();
/// let mut guard = change.wait_while(guard, |stock| *stock == 0)?.into_inner();
/// *guard -= 1;
/// assert_eq!(*guard, 2);
/// drop(guard);
/// child.join()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Condition(Shared<State>);

#[derive(Debug, FromBytes)]
#[repr(C)]
struct State {
    changed: EventCount,
}

impl Condition {
    /// A condition in memory without a name.
    ///
    /// # Errors
    /// There is no memory, or no descriptor.
    pub fn new() -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?)
    }

    /// The same, in memory of the caller's choice.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new_in(memory: Memory) -> Result<Self, Error> {
        Shared::make(memory, KIND, State { changed: EventCount::default() }).map(Self)
    }

    /// The condition that another process has made there.
    ///
    /// # Errors
    /// As of [`Shared::attach`].
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Shared::find(memory, KIND).map(Self)
    }

    /// Releases the lock, waits for a notification, and takes the lock again. It may also return without one, after 50 ms at
    /// the latest: look at the value, or use [`Self::wait_while`], which does.
    ///
    /// # Errors
    /// As of [`Lock::lock`](super::Lock::lock).
    pub fn wait<'l, T: Plain>(&self, guard: Guard<'l, T>) -> Result<Locked<'l, T>, Error> {
        self.sleep(guard, Deadline::after(None))
    }

    /// Waits while `is_wanting` says so of the value. A value that a holder left half-written comes at once, as
    /// [`Locked::Recovered`], whatever it is.
    ///
    /// # Errors
    /// As of [`Lock::lock`](super::Lock::lock).
    pub fn wait_while<'l, T: Plain>(
        &self,
        guard: Guard<'l, T>,
        is_wanting: impl FnMut(&mut T) -> bool,
    ) -> Result<Locked<'l, T>, Error> {
        self.wait_until(guard, Deadline::after(None), is_wanting).map(|(locked, _)| locked)
    }

    /// The same, but not longer than `limit`. The flag says whether the wait ended because the time was over; the lock is held
    /// either way, and to get it may take longer.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::sync::{Condition, Lock};
    /// let (stock, change) = (Lock::new(0_u32)?, Condition::new()?);
    /// let guard = stock.lock()?.into_inner();
    /// let (locked, is_over) = change.wait_timeout_while(guard, Duration::from_millis(1), |stock| *stock == 0)?;
    /// assert!(is_over && *locked.into_inner() == 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Lock::lock`](super::Lock::lock).
    pub fn wait_timeout_while<'l, T: Plain>(
        &self,
        guard: Guard<'l, T>,
        limit: Duration,
        is_wanting: impl FnMut(&mut T) -> bool,
    ) -> Result<(Locked<'l, T>, bool), Error> {
        self.wait_until(guard, Deadline::after(Some(limit)), is_wanting)
    }

    /// Wakes one that waits, after the value was changed under the lock so that one can go on.
    pub fn notify_one(&self) {
        self.0.changed.notify_one();
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.0.changed.notify_all();
    }

    fn wait_until<'l, T: Plain>(
        &self,
        mut guard: Guard<'l, T>,
        deadline: Deadline,
        mut is_wanting: impl FnMut(&mut T) -> bool,
    ) -> Result<(Locked<'l, T>, bool), Error> {
        loop {
            if !is_wanting(&mut guard) {
                return Ok((Locked::Sound(guard), false));
            }
            if deadline.is_over() {
                return Ok((Locked::Sound(guard), true));
            }
            guard = match self.sleep(guard, deadline)? {
                Locked::Sound(guard) => guard,
                recovered @ Locked::Recovered(_) => return Ok((recovered, false)),
            };
        }
    }

    fn sleep<'l, T: Plain>(&self, guard: Guard<'l, T>, deadline: Deadline) -> Result<Locked<'l, T>, Error> {
        let lock = guard.source();
        // Before the lock is released: from now on a notification ends the sleep.
        let ticket = self.0.changed.register();
        drop(guard);
        self.0.changed.sleep(&ticket, &deadline.left(RECHECK));
        lock.lock()
    }
}

/// Its memory, to be passed to another process.
impl AsFd for Condition {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const KIND: &str = "a condition";
