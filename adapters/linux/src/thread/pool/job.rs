//! One value, from the thread that makes it to who waits for it, blocking or not.

use alloc::sync::Arc;
use core::fmt;
use core::mem;
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Instant;

use wirenut::time::Duration;

use super::queue::Queue;

/// Work that was given to a [`Pool`](super::Pool), and its value when that is there. Whoever waits for it holds this.
///
/// Dropping it says that nobody wants the value: work that has not begun is dropped undone and gives its place to others,
/// and the value of work that has begun is dropped when it comes.
#[must_use = "dropping it takes the work back"]
pub struct Job<T> {
    slot: Arc<Slot<T>>,
    queue: Arc<Queue>,
    number: u64,
}

impl<T> Job<T> {
    pub(super) const fn new(slot: Arc<Slot<T>>, queue: Arc<Queue>, number: u64) -> Self {
        Self { slot, queue, number }
    }

    /// The value, if it is there. `None`: not yet; the waker that the job was given is still to be woken. It does not
    /// block, nor allocate.
    ///
    /// The value is given once: after it, and after [`Lost`], the answer is `Lost`.
    ///
    /// # Errors
    /// [`Lost`]: no value will come.
    pub fn take(&mut self) -> Option<Result<T, Lost>> {
        let mut state = self.slot.lock();
        match mem::replace(&mut *state, State::Over) {
            waiting @ State::Waiting(..) => {
                *state = waiting;
                None
            }
            State::Settled(outcome) => Some(outcome),
            State::Over => Some(Err(Lost)),
        }
    }

    /// Waits for the value.
    ///
    /// ```
    /// use wirenut_linux::thread::{Bounds, Pool};
    /// let pool = Pool::new("worker", Bounds::DEFAULT);
    /// assert_eq!(pool.spawn(|| 6 * 7).unwrap().join(), Ok(42));
    /// ```
    ///
    /// # Errors
    /// [`Lost`]: no value will come.
    pub fn join(mut self) -> Result<T, Lost> {
        self.wait_until(None).unwrap_or(Err(Lost))
    }

    /// Waits for the value, but not longer than `limit`. `None`: not yet. After that as [`Self::take`].
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::thread::{Bounds, Event, Lost, Pool};
    /// let (pool, release) = (Pool::new("worker", Bounds::DEFAULT), Event::new());
    /// let work = {
    ///     let release = release.clone();
    ///     move || release.wait()
    /// };
    /// let mut job = pool.spawn(work).unwrap();
    /// assert_eq!(job.wait_timeout(Duration::from_millis(1)), None);
    /// release.set();
    /// assert_eq!(job.wait_timeout(Duration::from_secs(60)), Some(Ok(())));
    /// assert_eq!(job.wait_timeout(Duration::from_secs(60)), Some(Err(Lost)));
    /// ```
    ///
    /// # Errors
    /// [`Lost`]: no value will come.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Result<T, Lost>> {
        // A limit too far away is none.
        self.wait_until(Instant::now().checked_add(limit.into()))
    }

    fn wait_until(&mut self, deadline: Option<Instant>) -> Option<Result<T, Lost>> {
        loop {
            if let Some(outcome) = self.take() {
                return Some(outcome);
            }
            // Where the value comes in between, the park ends at once.
            self.slot.unpark_when_settled();
            let Some(deadline) = deadline else {
                thread::park();
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.take();
            }
            thread::park_timeout(left);
        }
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        if self.slot.leave() {
            // Outside of the lock: what the work owns may do anything when it is dropped.
            drop(self.queue.remove(self.number));
        }
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("number", &self.number).finish_non_exhaustive()
    }
}

/// No value will come: the job has panicked, or its pool was dropped before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job was lost")
    }
}

impl core::error::Error for Lost {}

/// Where the two meet.
pub(super) struct Slot<T>(Mutex<State<T>>);

enum State<T> {
    /// Whom to wake, and the thread that is parked for it, if one is.
    Waiting(Waker, Option<Thread>),
    Settled(Result<T, Lost>),
    /// Taken, or nobody waits any more.
    Over,
}

impl<T> Slot<T> {
    pub(super) fn new(waker: &Waker) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Waiting(waker.clone(), None))))
    }

    pub(super) fn promise(slot: &Arc<Self>) -> Promise<T> {
        Promise(Arc::clone(slot))
    }

    /// Nobody waits any more. Whether the value had not come.
    pub(super) fn leave(&self) -> bool {
        let earlier = mem::replace(&mut *self.lock(), State::Over);
        matches!(earlier, State::Waiting(..))
    }

    /// The calling thread is about to park.
    fn unpark_when_settled(&self) {
        match &mut *self.lock() {
            State::Waiting(_, parked) => *parked = Some(thread::current()),
            State::Settled(_) | State::Over => thread::current().unpark(),
        }
    }

    /// The waker is woken once: here.
    fn settle(&self, outcome: Result<T, Lost>) {
        let mut state = self.lock();
        if !matches!(*state, State::Waiting(..)) {
            drop(state);
            // A value that nobody wants, outside of the lock.
            return drop(outcome);
        }
        let earlier = mem::replace(&mut *state, State::Settled(outcome));
        drop(state);
        if let State::Waiting(waker, parked) = earlier {
            if let Some(parked) = parked {
                parked.unpark();
            }
            // Foreign code, which may panic.
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Whoever holds the lock only moves values, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of the thread that makes the value. Dropping it unfulfilled (a panic does) tells the other end that nothing will
/// come.
pub(super) struct Promise<T>(Arc<Slot<T>>);

impl<T> Promise<T> {
    /// Hands the value over; where nobody waits, it is dropped.
    pub(super) fn fulfil(self, value: T) {
        self.0.settle(Ok(value));
    }

    /// Whether anybody still waits.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(*self.0.lock(), State::Waiting(..))
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.0.settle(Err(Lost));
    }
}
