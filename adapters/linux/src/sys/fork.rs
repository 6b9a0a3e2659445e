//! fork(2), for a program with one thread, and how the child leaves.

use core::panic::AssertUnwindSafe;
use core::ptr;
use std::io::Write as _;
use std::panic::catch_unwind;

use rustix::io::Errno;
use rustix::process::Pid;

use super::disposition;
use super::socket::last_error;
use crate::error::Error;
use crate::process::{SpawnError, count_threads};

/// The status of a process that panicked, as Rust's runtime has it.
pub(crate) const PANICKED: u8 = 101;

/// Runs `child` in a child of this process, and ends the child with the status that it returns. The parent gets the
/// child's id, and what the closure captured is dropped in it.
///
/// The child begins with the default action for every signal that a function handled (but for those of faults), and with
/// no signal blocked. It never returns from here: no panic gets out, and no frame of the parent goes on in it.
///
/// Refused where this thread is not the only one: what another one holds at that moment, the allocator's lock for one,
/// would be held in the child for ever.
pub(crate) fn fork(child: impl FnOnce() -> u8) -> Result<Pid, SpawnError> {
    match count_threads()? {
        1 => {}
        threads => return Err(SpawnError::Threads(threads)),
    }
    flush();
    // A handler that runs in the child before the child has its own dispositions would act for the parent.
    let blocked = disposition::block_all().map_err(failed)?;
    // SAFETY: the call takes no pointer. There is one thread, so no lock is held in the child that nobody there will give
    // back, and the child may do whatever the parent may.
    let forked = unsafe { libc::fork() };
    if forked < 0 {
        return Err(failed(last_error()));
    }
    let Some(pid) = Pid::from_raw(forked) else {
        disposition::begin_anew();
        leave(catch_unwind(AssertUnwindSafe(child)).unwrap_or(PANICKED));
    };
    drop(blocked);
    Ok(pid)
}

fn failed(errno: Errno) -> SpawnError {
    Error::plain("fork this process", errno).into()
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
    let _ = catch_unwind(|| std::io::stdout().flush());
    // SAFETY: a null pointer stands for all streams.
    unsafe { libc::fflush(ptr::null_mut()) };
}
