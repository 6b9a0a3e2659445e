//! A fork, and what this package has for the process in it.

use rustix::process::Pid;

use super::SpawnError;
use super::dropped;
use crate::error::Error;
use crate::signal::SignalSet;
use crate::sys::fork::{self, Refused};

/// Runs the closure in a child, which ends with the status that it returns: see [`fork::fork`].
pub(super) fn fork(blocked: &SignalSet, child: impl FnOnce() -> u8) -> Result<Pid, SpawnError> {
    let forked = fork::fork(blocked.bits(), || {
        dropped::forget();
        child()
    });
    forked.map_err(|refused| match refused {
        Refused::Threads(count) => SpawnError::Threads(count),
        Refused::Uncounted(error) => Error::new("count the threads of this process", error).into(),
        Refused::System(errno) => Error::plain("fork this process", errno).into(),
    })
}
