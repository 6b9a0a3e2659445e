//! Sets of signals as the system has them, and the mask of a thread: sigsetops(3), pthread_sigmask(3), sigpending(2),
//! sigsuspend(2).

use core::mem::MaybeUninit;
use core::ptr;

/// A set of signals: signal n is bit n. No system has more than 127.
pub(crate) type Bits = u128;

/// What to do with the mask.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Block,
    Unblock,
    Set,
}

/// Changes the mask of the calling thread, which was this before.
pub(crate) fn change_mask(how: How, set: Bits) -> Bits {
    let how = match how {
        How::Block => libc::SIG_BLOCK,
        How::Unblock => libc::SIG_UNBLOCK,
        How::Set => libc::SIG_SETMASK,
    };
    let (set, mut before) = (to_system(set), empty());
    // It cannot fail: the number of what to do is one of the three.
    // SAFETY: libc reads `set` and writes `before`, which both outlive the call.
    unsafe { libc::pthread_sigmask(how, &raw const set, &raw mut before) };
    from_system(&before)
}

/// The mask of the calling thread.
pub(crate) fn mask() -> Bits {
    let mut now = empty();
    // SAFETY: libc reads no set, as there is none, and writes `now`, which outlives the call.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut now) };
    from_system(&now)
}

/// What has come, for the calling thread or the process, and is blocked.
pub(crate) fn pending() -> Bits {
    let mut set = empty();
    // SAFETY: the kernel writes `set`, which outlives the call.
    unsafe { libc::sigpending(&raw mut set) };
    from_system(&set)
}

/// Has that mask until a handler has run.
pub(crate) fn suspend(mask: Bits) {
    let mask = to_system(mask);
    // It always says that it was interrupted.
    // SAFETY: the kernel reads `mask`, which outlives the call.
    unsafe { libc::sigsuspend(&raw const mask) };
}

pub(super) fn to_system(bits: Bits) -> libc::sigset_t {
    let mut system = empty();
    for number in numbers().filter(|number| bits & bit(*number) != 0) {
        // libc refuses those that it keeps for itself, which then are not in the set.
        // SAFETY: `system` is a set, and libc checks the number.
        unsafe { libc::sigaddset(&raw mut system, number) };
    }
    system
}

fn from_system(system: &libc::sigset_t) -> Bits {
    // SAFETY: `system` is a set that libc or the kernel has written, and libc checks the number.
    let is_in = |number: &libc::c_int| unsafe { libc::sigismember(ptr::from_ref(system), *number) } == 1;
    numbers().filter(is_in).fold(0, |bits, number| bits | bit(number))
}

fn numbers() -> impl Iterator<Item = libc::c_int> {
    1..=libc::SIGRTMAX()
}

const fn bit(number: libc::c_int) -> Bits {
    1 << (number & 127)
}

fn empty() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: libc writes the whole set to where there is room for one; it cannot fail.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: it was written just now.
    unsafe { set.assume_init() }
}
