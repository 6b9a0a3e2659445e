//! A fork, and what this package has for the process in it.

use rustix::process::Pid;

use super::SpawnError;
use super::dropped;
use super::inherited::{Ends, Inherited};
use crate::error::Error;
use crate::signal::SignalSet;
use crate::sys::fork::{self, Refused};

/// Runs the closure in a child, which ends with the status that it returns: see [`fork::fork`].
pub(super) fn fork(blocked: &SignalSet, ends: Ends, child: impl FnOnce() -> u8) -> Result<Pid, SpawnError> {
    let mut inherited = Inherited::before_fork(ends)?;
    let its_inherited = &mut inherited;
    let forked = fork::fork(blocked.bits(), move || {
        dropped::forget();
        its_inherited.hear();
        child()
    });
    if forked.is_ok() {
        inherited.tell();
    }
    forked.map_err(|refused| match refused {
        Refused::Threads(count) => SpawnError::Threads(count),
        Refused::Uncounted(error) => Error::new("count the threads of this process", error).into(),
        Refused::System(errno) => Error::plain("fork this process", errno).into(),
    })
}
