//! The mask: which signals wait instead of being delivered.

use core::marker::PhantomData;
use core::mem;

use super::SignalSet;
use crate::sys::sigset::{self, How};

/// Adds to the calling thread's mask: signals of the set wait until they are unblocked or [waited for](super::wait).
///
/// The mask is a thread's own, and is handed down: a new thread and a child begin with the mask of the thread that made them,
/// and an executed program with that of the one that executed it. A signal for the whole process goes to any thread that
/// does not block it. So block what one thread shall take before other threads are started.
///
/// A standard signal that comes again while it waits is lost; real-time signals queue: signal(7). SIGKILL and SIGSTOP cannot be
/// blocked, which is no error.
///
/// ```
/// use wirenut_linux::signal::{self, Signal};
/// let blocked = signal::block(&Signal::SIGUSR1.into());
/// signal::raise(Signal::SIGUSR1)?; // would end the process
/// assert!(signal::pending().contains(Signal::SIGUSR1));
/// # signal::wait(&Signal::SIGUSR1.into(), None)?.done().unwrap();
/// drop(blocked); // as it was before
/// assert!(!signal::mask().contains(Signal::SIGUSR1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn block(set: &SignalSet) -> MaskGuard {
    MaskGuard::after(How::Block, set)
}

/// Takes from the calling thread's mask. What of it has come already is delivered at once.
///
/// ```
/// use wirenut_linux::signal::{self, Signal, SignalSet};
/// signal::set_mask(&SignalSet::full()).keep();
/// let unblocked = signal::unblock(&Signal::SIGINT.into());
/// assert!(!signal::mask().contains(Signal::SIGINT) && signal::mask().contains(Signal::SIGTERM));
/// drop(unblocked);
/// assert!(signal::mask().contains(Signal::SIGINT));
/// ```
pub fn unblock(set: &SignalSet) -> MaskGuard {
    MaskGuard::after(How::Unblock, set)
}

/// Makes this the calling thread's mask.
///
/// ```
/// use wirenut_linux::signal::{self, Signal, SignalSet};
/// let none = signal::set_mask(&SignalSet::EMPTY);
/// {
///     let all_but_one = signal::set_mask(&Signal::all().filter(|signal| *signal != Signal::SIGQUIT).collect());
///     assert_eq!(all_but_one.previous(), SignalSet::EMPTY);
///     // SIGKILL and SIGSTOP cannot be blocked.
///     assert!(!signal::mask().contains(Signal::SIGKILL));
/// }
/// assert_eq!(signal::mask(), SignalSet::EMPTY);
/// # drop(none);
/// ```
pub fn set_mask(set: &SignalSet) -> MaskGuard {
    MaskGuard::after(How::Set, set)
}

/// The calling thread's mask.
#[must_use]
pub fn mask() -> SignalSet {
    SignalSet::from_bits(sigset::mask())
}

/// The signals that have come for the calling thread or the whole process, and wait because they are blocked: sigpending(2).
#[must_use]
pub fn pending() -> SignalSet {
    SignalSet::from_bits(sigset::pending())
}

/// Restores the mask that the thread had before, when it is dropped; what was unblocked then and has come is delivered.
///
/// It stays in its thread, whose mask it is. Several of them are dropped in the reverse order, as values in a scope are.
#[derive(Debug)]
#[must_use = "dropping it restores the mask: `keep` leaves it as it is"]
pub struct MaskGuard {
    previous: SignalSet,
    /// Another thread has another mask.
    of_this_thread: PhantomData<*const ()>,
}

impl MaskGuard {
    fn after(how: How, set: &SignalSet) -> Self {
        Self { previous: SignalSet::from_bits(sigset::change_mask(how, set.bits())), of_this_thread: PhantomData }
    }

    /// The mask that it restores, and the one to [suspend](super::suspend) with.
    #[must_use]
    pub const fn previous(&self) -> SignalSet {
        self.previous
    }

    /// Leaves the mask as it is now, for the rest of the thread.
    ///
    /// ```
    /// use wirenut_linux::signal::{self, Signal};
    /// signal::block(&Signal::SIGHUP.into()).keep();
    /// assert!(signal::mask().contains(Signal::SIGHUP));
    /// ```
    pub fn keep(self) {
        mem::forget(self);
    }
}

impl Drop for MaskGuard {
    fn drop(&mut self) {
        sigset::change_mask(How::Set, self.previous.bits());
    }
}
