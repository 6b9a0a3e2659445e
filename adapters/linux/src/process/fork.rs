//! A fork, and what this package has for the process in it.

use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::SpawnError;
use super::dropped;
use super::inherited::{Ends, Inherited};
use super::start::reap;
use crate::error::Error;
use crate::signal::SignalSet;
use crate::sys::fork::{self, PANICKED, Refused};
use crate::sys::threads::count_threads;

/// Whether this process may fork now: whether it has one thread. For a program that must know before it begins: each
/// [`spawn`](super::spawn) asks again.
///
/// ```
/// use std::sync::mpsc::channel;
/// use wirenut_linux::process::{self, SpawnError};
/// process::check_threads()?;
/// let (end, ended) = channel::<()>();
/// let thread = std::thread::spawn(move || ended.recv());
/// assert!(matches!(process::check_threads(), Err(SpawnError::Threads(2))));
/// drop(end);
/// let _ = thread.join();
/// # Ok::<(), SpawnError>(())
/// ```
///
/// # Errors
/// [`SpawnError::Threads`]: it has more. [`SpawnError::System`]: they cannot be counted. Without /proc, as in an empty root
/// directory, only one thread can be told, and more cannot be counted.
pub fn check_threads() -> Result<(), SpawnError> {
    match count_threads() {
        Ok(1) => Ok(()),
        Ok(threads) => Err(SpawnError::Threads(threads)),
        Err(error) => Err(uncounted(error)),
    }
}

fn uncounted(error: std::io::Error) -> SpawnError {
    Error::new("count the threads of this process", error).into()
}

/// Runs the closure in a child, which ends with the status that it returns: see [`fork::fork`].
///
/// Panics if what the closure has captured does when it is dropped here. The child is then like one whose handle was
/// dropped.
pub(super) fn fork(blocked: &SignalSet, ends: Ends, child: impl FnOnce() -> u8) -> Result<Pid, SpawnError> {
    let mut inherited = Inherited::before_fork(ends)?;
    let mut child = Some(child);
    let (its_inherited, its_child) = (&mut inherited, &mut child);
    let forked = fork::fork(blocked.bits(), move || {
        dropped::forget();
        its_inherited.hear();
        its_child.take().map_or(PANICKED, |child| child())
    });
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(child)));
    if let Ok(pid) = forked {
        inherited.tell();
        if dropped.is_err() {
            leave_alone(pid);
        }
    }
    if let Err(panic) = dropped {
        resume_unwind(panic);
    }
    forked.map_err(|refused| match refused {
        Refused::Threads(count) => SpawnError::Threads(count),
        Refused::Uncounted(error) => uncounted(error),
        Refused::System(errno) => Error::plain("fork this process", errno).into(),
    })
}

/// Has a child that nobody knows of reaped when it has ended.
fn leave_alone(pid: Pid) {
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => dropped::remember(pidfd),
        Err(_) => {
            let _ = kill_process(pid, Signal::KILL);
            reap(pid);
        }
    }
}
