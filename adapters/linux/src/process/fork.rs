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
        Refused::Uncounted(error) => Error::new("count the threads of this process", error).into(),
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
