//! pthread_sigmask(3), around a fork.

use core::mem::MaybeUninit;
use core::ptr;

/// All signals are blocked in this thread until this is dropped.
#[must_use]
pub(super) struct AllBlocked {
    before: libc::sigset_t,
}

pub(super) fn block_all() -> AllBlocked {
    let mut all = MaybeUninit::uninit();
    // SAFETY: libc writes the whole set to where there is room for one; it cannot fail.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: it was written just now.
    AllBlocked { before: replace(unsafe { all.assume_init_ref() }) }
}

impl Drop for AllBlocked {
    fn drop(&mut self) {
        replace(&self.before);
    }
}

/// These signals are blocked in this thread from now on, and no others. Numbers that are no signal's do not count.
pub(super) fn block_only(signals: impl IntoIterator<Item = libc::c_int>) {
    let mut set = MaybeUninit::uninit();
    // SAFETY: libc writes the whole set to where there is room for one; it cannot fail.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in signals {
        // SAFETY: the set was written before, and libc checks the number.
        unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    }
    // SAFETY: the set was written before.
    replace(unsafe { set.assume_init_ref() });
}

/// The set that was blocked before. It cannot fail: what is to be done is one of the three things that there are.
fn replace(set: &libc::sigset_t) -> libc::sigset_t {
    let mut before = MaybeUninit::uninit();
    // SAFETY: libc reads `set` and writes `before`, which both outlive the call.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, ptr::from_ref(set), before.as_mut_ptr()) };
    // SAFETY: the call has written it.
    unsafe { before.assume_init() }
}
