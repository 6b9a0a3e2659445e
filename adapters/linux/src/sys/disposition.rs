//! sigaction(2) and pthread_sigmask(3): what a process that was just forked has of its parent's signals.

use core::mem::{self, MaybeUninit};
use core::ptr;

use rustix::io::{Errno, Result};

/// All signals are blocked in this thread until this is dropped.
#[must_use]
pub(super) struct AllBlocked {
    before: libc::sigset_t,
}

/// Blocks all signals in this thread.
pub(super) fn block_all() -> Result<AllBlocked> {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the calls write whole sets to memory that is there for them, and the second reads what the first has written.
    let failed = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr())
    };
    if failed != 0 {
        return Err(Errno::from_raw_os_error(failed));
    }
    // SAFETY: the call succeeded, so it has written the set.
    Ok(AllBlocked { before: unsafe { before.assume_init() } })
}

impl Drop for AllBlocked {
    fn drop(&mut self) {
        // SAFETY: the set came from the call that blocked the others, and lives as long as this call.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

/// Signals that tell of a fault of the code itself. Who handles them, as Rust's runtime does to tell of a stack overflow,
/// does so for this process, too.
const FAULTS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];

/// Handlers are removed as by exec(2): what they would write to is the parent's. What is ignored stays ignored, but for
/// SIGCHLD, whose children are others now. Then no signal is blocked any more.
pub(super) fn begin_anew() {
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| !FAULTS.contains(signal)) {
        if is_handled(signal) || signal == libc::SIGCHLD {
            reset(signal);
        }
    }
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the first call writes a whole set to memory that is there for it, and the second reads it.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
    }
}

/// Does a function handle it? Not so of a signal that libc keeps for itself.
fn is_handled(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the kernel writes a whole `sigaction` to `action`, which outlives the call, if it succeeds.
    if unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) } < 0 {
        return false;
    }
    // SAFETY: the call succeeded, so it has written the action.
    let handler = unsafe { action.assume_init() }.sa_sigaction;
    handler != libc::SIG_DFL && handler != libc::SIG_IGN
}

fn reset(signal: libc::c_int) {
    // SAFETY: all-zero bytes are a valid sigaction: no flags, an empty mask, the default action.
    let action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: the kernel reads `action`, which outlives the call; the default action needs nothing of this process.
    unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
}
