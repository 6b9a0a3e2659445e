//! Mutual exclusion of processes, and what the next one learns when a holder dies.

use alloc::sync::Arc;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, Ordering};
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use rustix::io::Errno;
use wirenut::time::Duration;
use zerocopy::FromBytes;

use super::deadline::Deadline;
use super::identity::this_process;
use super::memory::{Memory, Plain};
use crate::error::Error;
use crate::sys::memory::{Object, Pair};
use crate::sys::robust::{Before, Held, Robust};

/// A value that one thread of one process changes at a time: a robust, process-shared mutex (pthread_mutex_lock(3)) in
/// memory that processes share.
///
/// A process that ends while it holds the lock, by SIGKILL too, keeps nobody out: the next one gets
/// [`Locked::Recovered`], since the value may be half-written. So it does after a panic of a holder. All clones are the same
/// lock. Nobody waits in a queue: who comes first when it is released may have it.
///
/// To lock it again in the thread that holds it is an error, and no wait without end.
///
/// ```
/// use wirenut_linux::process;
/// use wirenut_linux::sync::{Lock, Locked};
///
/// let account = Lock::new([100_u64, 0])?; // what it holds, and what was paid: 100 together
/// let child = process::spawn({
///     let account = account.clone();
///     move || {
///         let mut account = account.lock().unwrap().into_inner();
///         account[0] -= 30;
///         std::process::abort(); // in the middle
///     }
/// })?;
/// child.join()?;
/// let account = match account.lock()? {
///     Locked::Sound(account) => account,
///     Locked::Recovered(mut account) => {
///         account[1] = 100 - account[0];
///         account.declare_sound();
///         account
///     }
/// };
/// assert_eq!(*account, [70, 30]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lock<T: Plain>(Arc<Object<Head<T>, ()>>);

type Head<T> = Pair<Robust<T>, State>;

#[derive(Debug, FromBytes)]
#[repr(C)]
struct State {
    /// Not zero since a holder died or panicked, until somebody has declared the value sound.
    is_torn: AtomicU32,
}

impl<T: Plain> Lock<T> {
    /// A lock in memory without a name.
    ///
    /// # Errors
    /// There is no memory, or no descriptor.
    pub fn new(value: T) -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?, value)
    }

    /// A lock in memory of the caller's choice.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new_in(memory: Memory, value: T) -> Result<Self, Error> {
        let state = State { is_torn: AtomicU32::new(0) };
        Ok(Self(Arc::new(memory.make(KIND, (value, state), 0, None)?)))
    }

    /// The lock that another process has made there, around a type of the same size.
    ///
    /// # Errors
    /// It holds something else ([`InvalidData`](std::io::ErrorKind::InvalidData)), or is not finished
    /// ([`WouldBlock`](std::io::ErrorKind::WouldBlock)).
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.find(KIND)?)))
    }

    /// Waits for the lock.
    ///
    /// # Errors
    /// This thread holds it already ([`Deadlock`](std::io::ErrorKind::Deadlock)).
    #[inline]
    pub fn lock(&self) -> Result<Locked<'_, T>, Error> {
        // Without a limit it comes with the lock.
        self.take(self.robust().lock(this_process(), None))
            .and_then(|locked| locked.ok_or_else(|| failed(Errno::TIMEDOUT)))
    }

    /// Waits for the lock, but not longer than `limit`: `None` where that was not enough.
    ///
    /// ```
    /// use wirenut_linux::{process, sync::{Event, Lock}};
    /// use wirenut::time::Duration;
    /// let (lock, taken) = (Lock::new(0_u8)?, Event::new()?);
    /// let child = process::spawn({
    ///     let (lock, taken) = (lock.clone(), taken.clone());
    ///     move || {
    ///         let _guard = lock.lock().unwrap();
    ///         taken.set();
    ///         loop { std::thread::park() }
    ///     }
    /// })?;
    /// taken.wait();
    /// assert!(lock.lock_timeout(Duration::from_millis(1))?.is_none());
    /// child.kill()?;
    /// assert!(lock.lock_timeout(Duration::from_secs(10))?.is_some_and(|locked| locked.is_recovered()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Self::lock`].
    pub fn lock_timeout(&self, limit: Duration) -> Result<Option<Locked<'_, T>>, Error> {
        let until = Deadline::after(Some(limit));
        self.take(self.robust().lock(this_process(), until.time()))
    }

    /// Takes the lock if nobody holds it: `None` where somebody does, this thread included.
    ///
    /// # Errors
    /// The system fails in a way that has no cure.
    #[inline]
    pub fn try_lock(&self) -> Result<Option<Locked<'_, T>>, Error> {
        match self.robust().try_lock(this_process()) {
            Err(Errno::DEADLK) => Ok(None),
            taken => self.take(taken),
        }
    }

    fn robust(&self) -> &Robust<T> {
        &self.0.head().0
    }

    #[inline]
    fn take<'l>(&'l self, taken: Result<Option<(Held<'l, T>, Before)>, Errno>) -> Result<Option<Locked<'l, T>>, Error> {
        let Some((held, before)) = taken.map_err(failed)? else { return Ok(None) };
        let is_torn = &self.0.head().1.is_torn;
        if before == Before::Abandoned {
            is_torn.store(1, Ordering::Relaxed);
        }
        let guard = Guard { held, lock: self, panics: thread::panicking() };
        Ok(Some(if is_torn.load(Ordering::Relaxed) == 0 { Locked::Sound(guard) } else { Locked::Recovered(guard) }))
    }
}

#[cold]
fn failed(errno: Errno) -> Error {
    Error::plain("take a lock", errno)
}

impl<T: Plain> Clone for Lock<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Its memory, to be passed to another process.
impl<T: Plain> AsFd for Lock<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The lock, and whether the value behind it can be trusted.
#[derive(Debug)]
#[must_use]
pub enum Locked<'l, T: Plain> {
    /// Whoever held it before released it.
    Sound(Guard<'l, T>),
    /// A holder ended or panicked before it released it, and nobody has [declared the value
    /// sound](Guard::declare_sound) since: it may be half-written.
    Recovered(Guard<'l, T>),
}

impl<'l, T: Plain> Locked<'l, T> {
    /// The guard, whatever the value: for values that cannot be half-written, such as one number.
    #[must_use]
    pub fn into_inner(self) -> Guard<'l, T> {
        match self {
            Self::Sound(guard) | Self::Recovered(guard) => guard,
        }
    }

    /// The guard, if the value can be trusted. Otherwise the lock is released, and the next one learns it, too.
    #[must_use]
    pub fn sound(self) -> Option<Guard<'l, T>> {
        match self {
            Self::Sound(guard) => Some(guard),
            Self::Recovered(_) => None,
        }
    }

    /// Whether a holder ended before it released the lock.
    #[must_use]
    pub const fn is_recovered(&self) -> bool {
        matches!(self, Self::Recovered(_))
    }
}

/// The value, as long as the lock is held. Dropping it releases the lock.
///
/// It stays in its thread, and no closure that runs in a child can take it along.
///
/// ```compile_fail
/// let lock = wirenut_linux::sync::Lock::new(0_u32).unwrap();
/// let guard = lock.lock().unwrap().into_inner();
/// wirenut_linux::process::spawn(move || drop(guard)).unwrap();
/// ```
pub struct Guard<'l, T: Plain> {
    held: Held<'l, T>,
    lock: &'l Lock<T>,
    /// The thread was already panicking when it took the lock.
    panics: bool,
}

impl<'l, T: Plain> Guard<'l, T> {
    /// Says that the value is whole again: whoever locks next finds it [`Sound`](Locked::Sound). Without it the next one gets
    /// it as [`Recovered`](Locked::Recovered), too.
    pub fn declare_sound(&mut self) {
        self.is_torn().store(0, Ordering::Relaxed);
    }

    /// The lock that it is of.
    #[must_use]
    pub const fn source(&self) -> &'l Lock<T> {
        self.lock
    }

    fn is_torn(&self) -> &AtomicU32 {
        &self.lock.0.head().1.is_torn
    }
}

impl<T: Plain> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T: Plain> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

impl<T: Plain> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if thread::panicking() && !self.panics {
            self.is_torn().store(1, Ordering::Relaxed);
        }
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

const KIND: &str = "a lock";
