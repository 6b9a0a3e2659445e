//! A thread of this process, to send signals to.

use alloc::sync::Arc;
use core::cell::RefCell;
use core::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::{SendError, Signal};
use crate::sys::kill;

/// A thread of this process, to send signals to: tgkill(2). Clones are the same thread.
///
/// After the thread has ended a signal goes nowhere, and never to a thread that has its number by then. What a signal does by
/// default, such as to end, the whole process does.
///
/// ```
/// use std::sync::mpsc::channel;
/// use wirenut_linux::signal::{self, SendError, Signal, ThreadHandle};
/// let (sender, receiver) = channel();
/// let waiting = std::thread::spawn(move || {
///     let _blocked = signal::block(&Signal::SIGUSR1.into());
///     sender.send(ThreadHandle::current()).unwrap();
///     signal::wait(&Signal::SIGUSR1.into(), None).unwrap().done().unwrap().signal()
/// });
/// let thread = receiver.recv()?;
/// thread.send(Signal::SIGUSR1)?;
/// assert_eq!(waiting.join().unwrap(), Signal::SIGUSR1);
/// assert!(matches!(thread.send(Signal::SIGUSR1), Err(SendError::Gone(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ThreadHandle(Arc<Life>);

/// Whoever sends holds the lock, and the thread takes it before it ends: so it is there while it is sent to.
#[derive(Debug)]
struct Life {
    thread: i32,
    has_ended: Mutex<bool>,
}

/// The thread's own, dropped when it ends.
struct Own(Arc<Life>);

thread_local! {
    static OWN: RefCell<Option<Own>> = const { RefCell::new(None) };
}

impl ThreadHandle {
    /// The calling thread. In a destructor of a thread-local value it may be one that has ended.
    #[must_use]
    pub fn current() -> Self {
        let thread = kill::thread_id();
        let own = OWN.try_with(|own| {
            let mut own = own.borrow_mut();
            match &*own {
                Some(Own(life)) if life.thread == thread => Arc::clone(life),
                _ => {
                    let life = Life::new(thread, false);
                    // After a fork it is the parent's, whose lock nobody may release here.
                    mem::forget(own.replace(Own(Arc::clone(&life))));
                    life
                }
            }
        });
        Self(own.unwrap_or_else(|_| Life::new(thread, true)))
    }

    /// Sends the signal to the thread.
    ///
    /// # Errors
    /// The thread has ended, or the queue of real-time signals is full.
    pub fn send(&self, signal: Signal) -> Result<(), SendError> {
        let failed = |errno| SendError::new(signal, &format_args!("thread {}", self.0.thread), errno);
        let has_ended = self.0.lock();
        if *has_ended {
            return Err(failed(Errno::SRCH));
        }
        kill::to_thread(self.0.thread, signal.number()).map_err(failed)
    }
}

impl Life {
    fn new(thread: i32, has_ended: bool) -> Arc<Self> {
        Arc::new(Self { thread, has_ended: Mutex::new(has_ended) })
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.has_ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // In a child of a fork it is the parent's.
        if self.0.thread == kill::thread_id() {
            *self.0.lock() = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// Its number may be another thread's by then, so the system is not asked.
    #[test]
    fn a_thread_that_has_ended_is_known_to_have() {
        let handle = thread::spawn(ThreadHandle::current).join().unwrap();
        assert!(*handle.0.lock());
        let own = ThreadHandle::current();
        assert!(!*own.0.lock() && Arc::ptr_eq(&own.0, &ThreadHandle::current().0));
    }
}
