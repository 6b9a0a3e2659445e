//! One value, from the thread that makes it to the one that waits for it without blocking.

use alloc::sync::Arc;
use core::mem;
use core::task::{Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Makes the two ends of one reply. The waker is woken once: when the value is there, or when it never will be.
#[must_use]
pub fn reply<T>(waker: &Waker) -> (Promise<T>, Reply<T>) {
    let slot = Arc::new(Slot(Mutex::new(State::Waiting(waker.clone()))));
    (Promise(Arc::clone(&slot)), Reply(slot))
}

/// The end of whoever makes the value. Dropping it unfulfilled (a panic does) tells the other end that nothing will come.
#[derive(Debug)]
pub struct Promise<T>(Arc<Slot<T>>);

impl<T> Promise<T> {
    /// Hands the value over and wakes the other end; where that is gone, the value is dropped.
    pub fn fulfil(self, value: T) {
        self.settle(State::Settled(Ok(value)));
    }

    /// Whether anybody still waits: work for nobody need not be done.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        matches!(*self.0.lock(), State::Waiting(_))
    }

    fn settle(&self, outcome: State<T>) {
        let mut state = self.0.lock();
        match mem::replace(&mut *state, outcome) {
            State::Waiting(waker) => {
                // Waking is foreign code: never with the lock held.
                drop(state);
                waker.wake();
            }
            earlier @ (State::Settled(_) | State::Over) => {
                let outcome = mem::replace(&mut *state, earlier);
                drop(state);
                drop(outcome);
            }
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.settle(State::Settled(Err(Lost)));
    }
}

/// The end of whoever waits. Dropping it makes the value vanish, come or yet to come.
#[derive(Debug)]
pub struct Reply<T>(Arc<Slot<T>>);

impl<T> Reply<T> {
    /// The value if it is there. If it is not, the waker that the reply was made with is still to be woken. Never blocks.
    ///
    /// The value is given once: after it, and after [`Lost`], the answer is `Lost`.
    pub fn try_take(&mut self) -> Poll<Result<T, Lost>> {
        let mut state = self.0.lock();
        match mem::replace(&mut *state, State::Over) {
            waiting @ State::Waiting(_) => {
                *state = waiting;
                Poll::Pending
            }
            State::Settled(outcome) => Poll::Ready(outcome),
            State::Over => Poll::Ready(Err(Lost)),
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        let state = mem::replace(&mut *self.0.lock(), State::Over);
        drop(state);
    }
}

/// Nothing will come: the work panicked, or was thrown away undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

#[derive(Debug)]
enum State<T> {
    Waiting(Waker),
    Settled(Result<T, Lost>),
    /// Taken, or nobody waits any more.
    Over,
}

#[derive(Debug)]
struct Slot<T>(Mutex<State<T>>);

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Whoever holds the lock only moves values, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alloc::task::Wake;
    use core::time::Duration;
    use std::sync::Condvar;

    /// A waker that counts, and can be waited for.
    #[derive(Default)]
    pub(crate) struct Bell {
        rung: Mutex<usize>,
        changed: Condvar,
    }

    impl Bell {
        pub(crate) fn new() -> (Arc<Self>, Waker) {
            let bell = Arc::new(Self::default());
            (Arc::clone(&bell), Waker::from(bell))
        }

        pub(crate) fn rung(&self) -> usize {
            *self.rung.lock().unwrap()
        }

        /// Waits until it was rung that often in all, and fails where that takes far too long.
        pub(crate) fn wait_for(&self, times: usize) {
            let rung = self.rung.lock().unwrap();
            let (_rung, waited) =
                self.changed.wait_timeout_while(rung, Duration::from_secs(20), |rung| *rung < times).unwrap();
            assert!(!waited.timed_out(), "never woken");
        }
    }

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.rung.lock().unwrap() += 1;
            self.changed.notify_all();
        }
    }

    #[test]
    fn value_is_given_once() {
        let (bell, waker) = Bell::new();
        let (promise, mut reply) = reply(&waker);
        assert!(reply.try_take().is_pending());
        assert!(promise.is_wanted());
        promise.fulfil(7);
        assert_eq!(bell.rung(), 1);
        assert_eq!(reply.try_take(), Poll::Ready(Ok(7)));
        assert_eq!(reply.try_take(), Poll::Ready(Err(Lost)));
        assert_eq!(bell.rung(), 1);
    }

    #[test]
    fn broken_promise_is_lost_and_wakes() {
        let (bell, waker) = Bell::new();
        let (promise, mut reply) = reply::<u8>(&waker);
        drop(promise);
        assert_eq!(bell.rung(), 1);
        assert_eq!(reply.try_take(), Poll::Ready(Err(Lost)));
    }

    #[test]
    fn nothing_is_kept_for_a_dropped_reply() {
        let (bell, waker) = Bell::new();
        let value = Arc::new(());

        let (promise, reply) = reply(&waker);
        drop(reply);
        assert!(!promise.is_wanted());
        promise.fulfil(Arc::clone(&value));
        assert_eq!((Arc::strong_count(&value), bell.rung()), (1, 0));

        let (promise, reply) = super::reply(&waker);
        promise.fulfil(Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 2);
        drop(reply);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
