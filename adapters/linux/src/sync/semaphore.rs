//! Permits that processes take and give back.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use wirenut::time::Duration;
use zerocopy::FromBytes;

use super::deadline::Deadline;
use super::event_count::{EventCount, RECHECK};
use super::identity::{Census, this_process};
use super::memory::Memory;
use crate::error::Error;
use crate::sys::memory::{Object, Pair};
use crate::sys::robust::{Before, Held, Robust};

/// A number of permits, in memory that processes share: sem_overview(7), with permits that come back.
///
/// [`acquire`](Self::acquire) takes a permit and returns a guard that gives it back. If its process ends first, by SIGKILL
/// too, those that wait get the permit within some 50 ms. Permits that one process takes and another gives (a producer and a
/// consumer) are [taken](Self::take) and [given](Self::give) without a guard; they are nobody's, and do not come back.
///
/// All clones are the same semaphore.
///
/// ```
/// use wirenut_linux::{process, sync::Semaphore};
///
/// let printers = Semaphore::new(2)?;
/// let child = process::spawn({
///     let printers = printers.clone();
///     move || {
///         let _permit = printers.acquire().unwrap();
///         std::process::abort(); // with the permit
///     }
/// })?;
/// child.join()?;
/// let both = (printers.acquire()?, printers.acquire()?);
/// assert_eq!(printers.value()?, 0);
/// drop(both);
/// assert_eq!(printers.value()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore(Arc<Object<Head, AtomicU64>>);

/// What the lock protects, and what it does not. The elements are the holders of permits: the identity of a process, or zero.
type Head = Pair<Robust<Counts>, Open>;

/// Each change is of one word, so a process that dies with the lock leaves nothing half done: `held` is counted anew.
#[derive(Debug, FromBytes)]
#[repr(C)]
struct Counts {
    /// Permits that there are, taken by a guard or not.
    total: u32,
    /// Of these, taken by a guard: as many elements are not zero.
    held: u32,
    /// Where a free element is looked for first: any number will do.
    next: u32,
}

#[derive(Debug, FromBytes)]
#[repr(C)]
struct Open {
    given: EventCount,
}

/// The most permits that a semaphore can have: each has a place where its holder stands.
pub const MAX_PERMITS: u32 = 65_536;

impl Semaphore {
    /// A semaphore of so many permits, which is also the most that it can have, in memory without a name.
    ///
    /// # Errors
    /// More than [`MAX_PERMITS`], or there is no memory or no descriptor.
    pub fn new(permits: u32) -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?, permits, permits)
    }

    /// A semaphore with so many permits now and at most `most`, in memory of the caller's choice.
    ///
    /// # Errors
    /// `permits` is more than `most`, or `most` more than [`MAX_PERMITS`]
    /// ([`InvalidInput`](std::io::ErrorKind::InvalidInput)); or there is no memory.
    pub fn new_in(memory: Memory, permits: u32, most: u32) -> Result<Self, Error> {
        if permits > most || most > MAX_PERMITS {
            return Err(Error::plain("make a semaphore", Errno::INVAL));
        }
        let head = (Counts { total: permits, held: 0, next: 0 }, Open { given: EventCount::default() });
        Ok(Self(Arc::new(memory.make(KIND, head, most as usize, None)?)))
    }

    /// The semaphore that another process has made there.
    ///
    /// # Errors
    /// As of [`Lock::attach`](super::Lock::attach).
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.find(KIND)?)))
    }

    /// Waits for a permit, which comes back when the guard is dropped or its process ends.
    ///
    /// # Errors
    /// The system fails in a way that has no cure.
    pub fn acquire(&self) -> Result<Permit, Error> {
        self.acquire_until(Deadline::after(None)).and_then(|permit| permit.ok_or_else(|| failed(Errno::TIMEDOUT)))
    }

    /// Waits for a permit, but not longer than `limit`: `None` where that was not enough.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// let semaphore = wirenut_linux::sync::Semaphore::new(1)?;
    /// let _permit = semaphore.acquire()?;
    /// assert!(semaphore.acquire_timeout(Duration::from_millis(1))?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Self::acquire`].
    pub fn acquire_timeout(&self, limit: Duration) -> Result<Option<Permit>, Error> {
        self.acquire_until(Deadline::after(Some(limit)))
    }

    fn acquire_until(&self, deadline: Deadline) -> Result<Option<Permit>, Error> {
        let place = self.wait(deadline, |counts, holders| {
            let is_free = |place: &usize| holders.get(*place).is_some_and(|holder| holder.load(Ordering::Relaxed) == 0);
            let first = (counts.next as usize).min(holders.len());
            let place = (first..holders.len()).chain(0..first).find(is_free)?;
            holders.get(place)?.store(this_process(), Ordering::Relaxed);
            counts.held += 1;
            counts.next = place as u32 + 1;
            Some(place)
        })?;
        Ok(place.map(|place| Permit { semaphore: self.clone(), place, owner: this_process() }))
    }

    /// Waits for a permit and takes it for good.
    ///
    /// # Errors
    /// As of [`Self::acquire`].
    pub fn take(&self) -> Result<(), Error> {
        self.take_until(Deadline::after(None)).map(drop)
    }

    /// The same, but not longer than `limit`. False where that was not enough.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::sync::{Memory, Semaphore};
    /// let items = Semaphore::new_in(Memory::anonymous()?, 0, 10)?;
    /// assert!(!items.take_timeout(Duration::from_millis(1))?);
    /// items.give()?;
    /// assert!(items.take_timeout(Duration::from_millis(1))?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Self::acquire`].
    pub fn take_timeout(&self, limit: Duration) -> Result<bool, Error> {
        self.take_until(Deadline::after(Some(limit)))
    }

    fn take_until(&self, deadline: Deadline) -> Result<bool, Error> {
        self.wait(deadline, |counts, _| {
            counts.total -= 1;
            Some(())
        })
        .map(|taken| taken.is_some())
    }

    /// Adds a permit.
    ///
    /// # Errors
    /// There are as many as there can be ([`Errno`](std::io::Error::raw_os_error) EOVERFLOW); nothing has changed.
    pub fn give(&self) -> Result<(), Error> {
        let mut counts = self.lock()?;
        if counts.total as usize >= self.0.elements().len() {
            return Err(Error::plain("add a permit to a semaphore", Errno::OVERFLOW));
        }
        counts.total += 1;
        drop(counts);
        self.open().given.notify_one();
        Ok(())
    }

    /// How many permits are free. Those of processes that have died are.
    ///
    /// # Errors
    /// As of [`Self::acquire`].
    pub fn value(&self) -> Result<u32, Error> {
        let mut counts = self.lock()?;
        self.bury(&mut counts);
        Ok(counts.total - counts.held)
    }

    /// Waits until a permit is free, and lets `take` have it.
    fn wait<T>(
        &self,
        deadline: Deadline,
        mut take: impl FnMut(&mut Counts, &[AtomicU64]) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let mut sweep = Deadline::after(Some(RECHECK));
        self.open().given.wait_until(deadline, || {
            let mut counts = self.lock()?;
            if counts.total == counts.held && (sweep.is_over() || deadline.is_over()) {
                sweep = Deadline::after(Some(RECHECK));
                self.bury(&mut counts);
            }
            Ok(if counts.total > counts.held { take(&mut counts, self.0.elements()) } else { None })
        })
    }

    /// Takes the permits of dead processes back.
    fn bury(&self, counts: &mut Counts) {
        let (before, mut census) = (counts.held, Census::default());
        for holder in self.0.elements() {
            let identity = holder.load(Ordering::Relaxed);
            if identity != 0 && !census.is_alive(identity) {
                holder.store(0, Ordering::Relaxed);
                counts.held -= 1;
            }
        }
        // Several may have come back at once.
        if before - counts.held > 1 {
            self.open().given.notify_all();
        }
    }

    fn lock(&self) -> Result<Held<'_, Counts>, Error> {
        let taken = self.0.head().0.lock(this_process(), None).map_err(failed)?;
        let (mut counts, before) = taken.ok_or_else(|| failed(Errno::TIMEDOUT))?;
        if before == Before::Abandoned {
            let held = self.0.elements().iter().filter(|holder| holder.load(Ordering::Relaxed) != 0).count();
            counts.held = u32::try_from(held).unwrap_or(MAX_PERMITS);
        }
        Ok(counts)
    }

    fn open(&self) -> &Open {
        &self.0.head().1
    }

    fn give_back(&self, place: usize) {
        let (Ok(mut counts), Some(holder)) = (self.lock(), self.0.elements().get(place)) else { return };
        if holder.compare_exchange(this_process(), 0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            counts.held -= 1;
            counts.next = place as u32;
            drop(counts);
            self.open().given.notify_one();
        }
    }
}

#[cold]
fn failed(errno: Errno) -> Error {
    Error::plain("use a semaphore", errno)
}

/// Its memory, to be passed to another process.
impl AsFd for Semaphore {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A permit of a [`Semaphore`], until it is dropped. It is this process's: a child does not have it.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    semaphore: Semaphore,
    place: usize,
    /// A child that was forked with this does not have the permit: its parent does.
    owner: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.owner == this_process() {
            self.semaphore.give_back(self.place);
        }
    }
}

const KIND: &str = "a semaphore";
