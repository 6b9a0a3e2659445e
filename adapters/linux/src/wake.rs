//! How other threads hand something to a thread that waits in a poller.

use core::mem;
use core::sync::atomic::{AtomicU8, Ordering};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::poller::Bell;

/// The owner is at work, and will look into the queue before it waits.
const AWAKE: u8 = 0;
/// The owner waits, or is about to: only the bell wakes it.
const ASLEEP: u8 = 1;
/// The queue has something, and the owner knows or will.
const NOTIFIED: u8 = 2;

/// A queue that any thread pushes to and one thread, its owner, takes from, between two waits of its poller.
///
/// Only the first push that finds the owner waiting costs a system call: while the owner works, a push is an atomic
/// exchange and a lock that nobody holds for long. (A [`Bell`] alone costs one for each ring.)
///
/// The owner registers the queue with its poller as readable. Each turn of its loop:
/// 1. [`prepare_wait`](Self::prepare_wait): if that is true, do not wait, but only look what is ready;
/// 2. wait;
/// 3. [`finish_wait`](Self::finish_wait): if this or `prepare_wait` was true, [`take`](Self::take);
/// 4. where the poller reports the queue, [`silence`](Self::silence) it.
///
/// Nothing is lost: what is pushed before `prepare_wait` makes it true, and what is pushed after it makes the queue readable.
///
/// ```
/// use std::os::fd::AsFd;
/// use std::sync::Arc;
/// use wirenut_linux::poller::{Epoll, Interest, Poller, Token};
/// use wirenut_linux::wake::WakeQueue;
/// use wirenut::time::Duration;
///
/// let queue = Arc::new(WakeQueue::new()?);
/// let mut poller = Epoll::new()?;
/// poller.register(queue.as_fd(), Token(0), Interest::READABLE)?;
/// let pusher = std::thread::spawn({
///     let queue = Arc::clone(&queue);
///     move || (1..=3).for_each(|number| queue.push(number))
/// });
/// let mut taken = Vec::new();
/// while taken.len() < 3 {
///     let is_pending = queue.prepare_wait();
///     let waited = poller.wait(if is_pending { Some(Duration::default()) } else { None });
///     if queue.finish_wait() || is_pending {
///         taken.extend(queue.take(Vec::new()));
///     }
///     waited?;
///     while let Some(_) = poller.next_event() {
///         queue.silence();
///     }
/// }
/// assert_eq!(taken, [1, 2, 3]);
/// # pusher.join().unwrap();
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
#[derive(Debug)]
pub struct WakeQueue<T> {
    state: AtomicU8,
    pushed: Mutex<Vec<T>>,
    bell: Bell,
}

impl<T> WakeQueue<T> {
    /// An empty one, whose owner does not wait.
    ///
    /// # Errors
    /// The process or the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        Bell::new().map(Self::with_bell)
    }

    /// The same, with a bell that others may ring, too: the owner then finds the queue readable, and perhaps empty.
    #[must_use]
    pub const fn with_bell(bell: Bell) -> Self {
        Self { state: AtomicU8::new(AWAKE), pushed: Mutex::new(Vec::new()), bell }
    }

    /// Adds something, from any thread, and wakes the owner if it waits. Its length is bounded by what the callers push.
    ///
    /// ```
    /// let queue = wirenut_linux::wake::WakeQueue::new()?;
    /// queue.push("first");
    /// queue.push("second");
    /// assert!(queue.prepare_wait());
    /// assert_eq!(queue.take(Vec::new()), ["first", "second"]);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    pub fn push(&self, item: T) {
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        self.notify();
    }

    /// Wakes the owner as [`Self::push`] does, and adds nothing: for what it finds elsewhere.
    ///
    /// ```
    /// let queue = wirenut_linux::wake::WakeQueue::<u8>::new()?;
    /// queue.notify();
    /// assert!(queue.prepare_wait());
    /// assert!(queue.take(Vec::new()).is_empty());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    pub fn notify(&self) {
        if self.state.swap(NOTIFIED, Ordering::SeqCst) == ASLEEP {
            self.bell.ring();
        }
    }

    /// The owner is about to wait. True if it must not: something came since it finished the last wait.
    ///
    /// ```
    /// let queue = wirenut_linux::wake::WakeQueue::<u8>::new()?;
    /// assert!(!queue.prepare_wait());
    /// assert!(!queue.finish_wait());
    /// queue.notify();
    /// assert!(queue.prepare_wait());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    #[inline]
    pub fn prepare_wait(&self) -> bool {
        self.state.swap(ASLEEP, Ordering::SeqCst) == NOTIFIED
    }

    /// The owner has waited. True if something came since [`Self::prepare_wait`].
    ///
    /// ```
    /// let queue = wirenut_linux::wake::WakeQueue::<u8>::new()?;
    /// assert!(!queue.prepare_wait());
    /// queue.push(7);
    /// assert!(queue.finish_wait());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    #[inline]
    pub fn finish_wait(&self) -> bool {
        self.state.swap(AWAKE, Ordering::SeqCst) == NOTIFIED
    }

    /// All that was pushed, in its order; `empty` takes its place, so that its memory is used again.
    ///
    /// ```
    /// let queue = wirenut_linux::wake::WakeQueue::new()?;
    /// queue.push(1);
    /// assert_eq!(queue.take(Vec::with_capacity(10)), [1]);
    /// queue.push(2);
    /// assert!(queue.take(Vec::new()).capacity() >= 10);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    #[must_use]
    pub fn take(&self, empty: Vec<T>) -> Vec<T> {
        mem::replace(&mut *self.pushed.lock().unwrap_or_else(PoisonError::into_inner), empty)
    }

    /// Makes it unreadable. What was pushed stays in it.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::poller::{Interest, Poll, Poller, Token, Waited};
    /// use wirenut::time::Duration;
    /// let queue = wirenut_linux::wake::WakeQueue::<u8>::new()?;
    /// let mut poller = Poll::new();
    /// poller.register(queue.as_fd(), Token(0), Interest::READABLE)?;
    /// assert!(!queue.prepare_wait());
    /// queue.push(7);
    /// assert_eq!(poller.wait(None)?, Waited::Ready);
    /// queue.silence();
    /// assert!(poller.next_event().is_some());
    /// assert_eq!(poller.wait(Some(Duration::default()))?, Waited::TimedOut);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    pub fn silence(&self) {
        self.bell.silence();
    }
}

/// Readable since the first push that found the owner waiting, until it is [silenced](WakeQueue::silence).
impl<T> AsFd for WakeQueue<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
