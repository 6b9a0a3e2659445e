//! A pool of threads.

mod job;
mod queue;
#[cfg(test)]
mod tests;

use alloc::sync::Arc;
use core::fmt;
use core::task::Waker;
use std::time::Instant;

use wirenut::time::Duration;

pub use job::{Job, Lost};
pub use queue::Bounds;

use job::Slot;
use queue::Queue;

/// A bounded number of threads behind a bounded queue, for work that blocks or takes its time.
///
/// It has no thread until there is a job. It starts one for each job that finds none idle, up to [`Bounds::threads`], and
/// ends those that have been idle for [`Bounds::idle_time`]. Jobs begin in the order in which they came.
///
/// A panic in a job ends that job and nothing else, beside what the panic hook of the program prints: [`Job::take`]
/// returns [`Lost`], and the thread goes on. In a program that is built to abort on panics, it aborts.
///
/// Dropping the pool does not wait: jobs that have not begun are [`Lost`], and those that run go on without it, lest a
/// disk that does not answer keeps the program from ending. Where the program ends, they end where they are. To have all
/// done first, [join](Self::join) it.
///
/// ```
/// use wirenut_linux::thread::{Bounds, Lost, Pool};
/// let pool = Pool::new("worker", Bounds::DEFAULT);
/// let job = pool.spawn(|| std::thread::current().name().map(str::to_owned)).unwrap();
/// assert_eq!(job.join(), Ok(Some("worker-1".to_owned())));
/// let job = pool.spawn(|| panic!("this is printed")).unwrap();
/// assert_eq!(job.join(), Err::<(), _>(Lost));
/// ```
pub struct Pool {
    queue: Arc<Queue>,
}

impl Pool {
    /// A pool without threads yet. They are called by this name and a number, from 1 to how many there are at a time; ps(1)
    /// shows the first 15 bytes. The name is cut at a zero byte.
    #[must_use]
    pub fn new(name: &str, bounds: Bounds) -> Self {
        let name = name.split('\0').next().unwrap_or_default();
        Self { queue: Arc::new(Queue::new(name.into(), bounds, queue::start_thread)) }
    }

    /// Has a thread do the work as soon as one is free. It does not wait for anything.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use wirenut_linux::thread::{Bounds, Event, Full, Pool};
    /// let one_at_a_time = Bounds { threads: NonZeroUsize::MIN, waiting: 0, ..Bounds::DEFAULT };
    /// let pool = Pool::new("worker", one_at_a_time);
    /// let release = Event::new();
    /// let job = pool.spawn({
    ///     let release = release.clone();
    ///     move || release.wait()
    /// }).unwrap();
    /// assert_eq!(pool.spawn(|| ()).err(), Some(Full));
    /// release.set();
    /// assert_eq!(job.join(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// [`Full`]: the work was dropped undone.
    pub fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<Job<T>, Full> {
        self.spawn_waking(Waker::noop(), work)
    }

    /// The same, and wakes `waker` once when the value is there, or never will be ([`Lost`]): for who waits for other things
    /// besides, by a future or a [`Bell`](crate::poller::Bell).
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use std::sync::Arc;
    /// use std::task::Waker;
    /// use wirenut_linux::poller::{Bell, Interest, Poll, Poller, Token};
    /// use wirenut_linux::thread::{Bounds, Pool};
    ///
    /// let bell = Bell::new()?;
    /// let mut poller = Poll::new();
    /// poller.register(bell.as_fd(), Token(0), Interest::READABLE)?;
    /// let pool = Pool::new("worker", Bounds::DEFAULT);
    /// let mut job = pool.spawn_waking(&Waker::from(Arc::new(bell)), || 6 * 7).unwrap();
    /// poller.wait(None)?;
    /// assert_eq!(job.take(), Some(Ok(42)));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Full`]: the work was dropped undone, and the waker will not be woken.
    pub fn spawn_waking<T: Send + 'static>(
        &self,
        waker: &Waker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Job<T>, Full> {
        let slot = Slot::new(waker);
        let promise = Slot::promise(&slot);
        let work = Box::new(move || {
            if promise.is_wanted() {
                promise.fulfil(work());
            }
        });
        match self.queue.push(work) {
            Ok(number) => Ok(Job::new(slot, Arc::clone(&self.queue), number)),
            Err(work) => {
                // In this order: the broken promise would wake somebody who hears of it here.
                slot.leave();
                drop(work);
                Err(Full)
            }
        }
    }

    /// Waits until all jobs are done, also those that have not begun, and its threads end.
    pub fn join(self) {
        self.queue.drain(None);
    }

    /// The same, but waits no longer than `limit`, and then drops the pool: jobs that have not begun are [`Lost`], and those that
    /// run go on. True if all were done.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::thread::{Bounds, Pool};
    /// let pool = Pool::new("sleeper", Bounds::DEFAULT);
    /// let _job = pool.spawn(|| std::thread::sleep(Duration::from_secs(1_000).into())).unwrap();
    /// assert!(!pool.join_timeout(Duration::from_millis(1)));
    /// ```
    #[must_use = "it says whether all was done"]
    pub fn join_timeout(self, limit: Duration) -> bool {
        // A limit too far away is none.
        self.queue.drain(Instant::now().checked_add(limit.into()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("bounds", self.queue.bounds()).finish_non_exhaustive()
    }
}

/// All threads work, and as many jobs wait as may: do without, or ask again at a time of your own. Nobody is woken when there is
/// a place again.
///
/// It comes also where the system gives no thread and the job could not wait for another one. The first time, that is
/// logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool is full")
    }
}

impl core::error::Error for Full {}
