//! fork(2), for a program with one thread, and how the child leaves.

use core::panic::AssertUnwindSafe;
use core::ptr;
use std::io::{self, Write as _};
use std::panic::catch_unwind;

use rustix::io::Errno;
use rustix::process::Pid;

use super::sigaction::set_default_if;
use super::sigset::{Bits, How, change_mask};
use super::socket::last_error;
use super::threads::count_threads;

/// The status of a process that panicked, as Rust's runtime has it.
pub(crate) const PANICKED: u8 = 101;

/// Why there was no fork.
#[derive(Debug)]
pub(crate) enum Refused {
    /// This process has so many threads.
    Threads(usize),
    /// They cannot be counted.
    Uncounted(io::Error),
    System(Errno),
}

/// Runs `child` in a child of this process, and ends the child with the status that it returns. The parent gets the
/// child's id, and what the closure captured is dropped in it.
///
/// The child begins without its parent's handlers, and with these signals blocked. It never returns from here: no panic gets
/// out, and no frame of the parent goes on in it.
///
/// Refused where this thread is not the only one: what another one holds at that moment, the allocator's lock for one,
/// would be held in the child for ever.
pub(crate) fn fork(blocked: Bits, child: impl FnOnce() -> u8) -> Result<Pid, Refused> {
    match count_threads().map_err(Refused::Uncounted)? {
        1 => {}
        threads => return Err(Refused::Threads(threads)),
    }
    flush();
    // A handler that runs in the child before the child has its own dispositions would act for the parent.
    let before = change_mask(How::Set, Bits::MAX);
    // SAFETY: the call takes no pointer. There is one thread, so no lock is held in the child that nobody there will give
    // back, and the child may do whatever the parent may.
    let forked = match unsafe { libc::fork() } {
        0 => {
            forget_handlers();
            change_mask(How::Set, blocked);
            leave(catch_unwind(AssertUnwindSafe(child)).unwrap_or(PANICKED));
        }
        // Nothing is called before errno is looked at.
        forked => Pid::from_raw(forked.max(0)).ok_or_else(|| Refused::System(last_error())),
    };
    change_mask(How::Set, before);
    forked
}

/// Signals that tell of a fault of the code itself. Who handles them, as Rust's runtime does to tell of a stack overflow,
/// does so for this process, too.
const FAULTS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];

/// Handlers are removed as by execve(2): what they would write to is the parent's. What is ignored stays ignored, but for
/// SIGCHLD, whose children are others now. Async-signal-safe.
pub(super) fn forget_handlers() {
    super::signal::forget_in_child();
    let is_handled = |action: &libc::sigaction| ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction);
    // Those that libc keeps for itself it does not show.
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| !FAULTS.contains(signal)) {
        set_default_if(signal, is_handled);
    }
    set_default_if(libc::SIGCHLD, |_| true);
}

/// Ends this process without what exit(3) does: its handlers and destructors are the parent's. What this process wrote is
/// flushed.
fn leave(status: u8) -> ! {
    flush();
    // SAFETY: the call takes no pointer.
    unsafe { libc::_exit(status.into()) }
}

/// Writes out what the standard library and C's stdio have buffered. Where that fails, whoever wrote it hears of it when
/// they flush or write again.
fn flush() {
    let _ = catch_unwind(|| io::stdout().flush());
    // SAFETY: a null pointer stands for all streams.
    unsafe { libc::fflush(ptr::null_mut()) };
}
