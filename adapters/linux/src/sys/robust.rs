//! A mutex that survives the death of its owner: pthread_mutex_lock(3), pthread_mutexattr_setrobust(3).

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::time::Timespec;
use zerocopy::FromBytes;

use super::identity::known;
use super::memory::Shareable;

/// A value behind a lock, in memory that several processes see.
#[repr(C)]
pub(crate) struct Robust<T> {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    /// The identity of the process that holds the lock, or zero.
    holder: AtomicU64,
    value: UnsafeCell<T>,
}

// SAFETY: whoever reaches the value through a shared reference holds the lock.
unsafe impl<T: Send> Sync for Robust<T> {}
// SAFETY: the lock is not sent while it is held, since a guard borrows it.
unsafe impl<T: Send> Send for Robust<T> {}

// SAFETY: the mutex is shared between processes (PTHREAD_PROCESS_SHARED) and is made in place; any bytes are a `T`.
unsafe impl<T: FromBytes + Send + 'static> Shareable for Robust<T> {
    type Initial = T;

    const BYTES: usize = size_of::<libc::pthread_mutex_t>() + size_of::<AtomicU64>() + size_of::<T>();

    // SAFETY: demands of its caller what the trait does.
    unsafe fn initialise(place: *mut Self, initial: T) -> Result<(), Errno> {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: the attributes are made by the first call and live until the last; the mutex lies where it will be used,
        // and nobody uses it yet.
        unsafe {
            returned(libc::pthread_mutexattr_init(attributes))?;
            let made = returned(libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED))
                .and_then(|()| returned(libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST)))
                // So that a thread that locks it twice gets an error, and does not wait for itself.
                .and_then(|()| returned(libc::pthread_mutexattr_settype(attributes, libc::PTHREAD_MUTEX_ERRORCHECK)))
                .and_then(|()| returned(libc::pthread_mutex_init((&raw mut (*place).mutex).cast(), attributes)));
            libc::pthread_mutexattr_destroy(attributes);
            made?;
            (&raw mut (*place).value).cast::<T>().write(initial);
        }
        Ok(())
    }

    fn is_held_by(&self, identity: u64) -> bool {
        self.holder.load(Ordering::Relaxed) == identity
    }
}

/// How the lock was when it was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Before {
    Free,
    /// Its holder ended without releasing it: what the lock protects may be half-written.
    Abandoned,
}

impl<T> Robust<T> {
    /// Waits for the lock, until a time of CLOCK_MONOTONIC if there is one: `None` where that is over. `identity` is this
    /// process's.
    ///
    /// Fails with `DEADLK` if this thread holds it.
    pub(crate) fn lock(&self, identity: u64, until: Option<&Timespec>) -> Result<Option<(Held<'_, T>, Before)>, Errno> {
        // SAFETY: the mutex was made by `initialise`, and is mapped as long as `self` is borrowed.
        let code = unsafe {
            match until {
                None => libc::pthread_mutex_lock(self.mutex.get()),
                Some(until) => lock_until(self.mutex.get(), until),
            }
        };
        self.held(identity, code)
    }

    /// Takes the lock if nobody holds it.
    pub(crate) fn try_lock(&self, identity: u64) -> Result<Option<(Held<'_, T>, Before)>, Errno> {
        // SAFETY: as above.
        let code = unsafe { libc::pthread_mutex_trylock(self.mutex.get()) };
        self.held(identity, code)
    }

    #[inline]
    fn held(&self, identity: u64, code: libc::c_int) -> Result<Option<(Held<'_, T>, Before)>, Errno> {
        let before = match code {
            0 => Before::Free,
            libc::EOWNERDEAD => {
                // Whether the value is sound is told by this crate, and may be asked many times: to the C library it is.
                // SAFETY: the mutex is held by this thread, and its last owner has died.
                returned(unsafe { libc::pthread_mutex_consistent(self.mutex.get()) })?;
                Before::Abandoned
            }
            libc::EBUSY | libc::ETIMEDOUT => return Ok(None),
            code => return Err(Errno::from_raw_os_error(code)),
        };
        self.holder.store(identity, Ordering::Relaxed);
        Ok(Some((Held { robust: self, identity, of_this_thread: PhantomData }, before)))
    }
}

/// The lock, while this thread holds it.
pub(crate) struct Held<'r, T> {
    robust: &'r Robust<T>,
    /// The process that holds it, and not a child that reaches this through a variable of its thread.
    identity: u64,
    /// The C library wants the same thread to unlock it.
    of_this_thread: PhantomData<*mut ()>,
}

impl<T> Held<'_, T> {
    #[inline]
    fn is_ours(&self) -> bool {
        self.identity == known()
    }

    /// The value, which only the process that holds the lock may see.
    #[inline]
    fn value(&self) -> *mut T {
        assert!(self.is_ours(), "the lock is this process's parent's: take it here");
        self.robust.value.get()
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock, and any bytes that a dead process left are a `T`.
        unsafe { &*self.value() }
    }
}

impl<T> DerefMut for Held<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and `self` is the only way to the value.
        unsafe { &mut *self.value() }
    }
}

impl<T> Drop for Held<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        self.robust.holder.store(0, Ordering::Relaxed);
        // SAFETY: the mutex is mapped as long as it is borrowed.
        unsafe { libc::pthread_mutex_unlock(self.robust.mutex.get()) };
    }
}

fn returned(code: libc::c_int) -> Result<(), Errno> {
    if code == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(code)) }
}

/// pthread_mutex_clocklock(3), of the GNU C library since 2.30: unlike that of POSIX.1-2008 it does not follow the clock on
/// the wall, which people set.
///
/// # Safety
/// As for pthread_mutex_timedlock(3).
unsafe fn lock_until(mutex: *mut libc::pthread_mutex_t, until: &Timespec) -> libc::c_int {
    unsafe extern "C" {
        fn pthread_mutex_clocklock(
            mutex: *mut libc::pthread_mutex_t,
            clock: libc::clockid_t,
            until: *const libc::timespec,
        ) -> libc::c_int;
    }
    // Both fields have the types of the system.
    let until = libc::timespec { tv_sec: until.tv_sec, tv_nsec: until.tv_nsec as libc::c_long };
    // SAFETY: as the caller promises; `until` outlives the call.
    unsafe { pthread_mutex_clocklock(mutex, libc::CLOCK_MONOTONIC, &raw const until) }
}
