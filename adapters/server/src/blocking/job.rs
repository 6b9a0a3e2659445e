//! One value, from the thread that makes it to the exchange that waits for it without blocking.

use alloc::sync::Arc;
use core::fmt;
use core::mem;
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::queue::Queue;

/// Work that was given to a [`Pool`](super::Pool), and its value when that is there. Whoever waits for it holds this, mostly
/// in an exchange.
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
            waiting @ State::Waiting(_) => {
                *state = waiting;
                None
            }
            State::Settled(outcome) => Some(outcome),
            State::Over => Some(Err(Lost)),
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
    Waiting(Waker),
    Settled(Result<T, Lost>),
    /// Taken, or nobody waits any more.
    Over,
}

impl<T> Slot<T> {
    pub(super) fn new(waker: &Waker) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Waiting(waker.clone()))))
    }

    pub(super) fn promise(slot: &Arc<Self>) -> Promise<T> {
        Promise(Arc::clone(slot))
    }

    /// Nobody waits any more. Whether the value had not come.
    pub(super) fn leave(&self) -> bool {
        let earlier = mem::replace(&mut *self.lock(), State::Over);
        matches!(earlier, State::Waiting(_))
    }

    /// The waker is woken once: here.
    fn settle(&self, outcome: Result<T, Lost>) {
        let mut state = self.lock();
        if !matches!(*state, State::Waiting(_)) {
            drop(state);
            // A value that nobody wants, outside of the lock.
            return drop(outcome);
        }
        let earlier = mem::replace(&mut *state, State::Settled(outcome));
        // Waking is foreign code.
        drop(state);
        if let State::Waiting(waker) = earlier {
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
        matches!(*self.0.lock(), State::Waiting(_))
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.0.settle(Err(Lost));
    }
}
