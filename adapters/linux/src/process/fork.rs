//! A fork, and what this package has for the process in it.

use rustix::process::Pid;

use super::SpawnError;
use super::dropped;
use crate::sys;

/// Runs the closure in a child, which ends with the status that it returns: see [`sys::fork::fork`].
pub(super) fn fork(child: impl FnOnce() -> u8) -> Result<Pid, SpawnError> {
    sys::fork::fork(|| {
        dropped::forget();
        child()
    })
}
