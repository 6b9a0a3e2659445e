//! Calls that a signal interrupts.

use std::os::fd::AsFd;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::sockopt::{self, Timeout};

/// Makes a call again when a signal has interrupted it, but not for ever where the socket has a time-out, which the system
/// counts for each call anew: from the first interruption on it is counted here, too.
///
/// So signals at most double the time, and the last call adds its own. To count from the first call on would cost every
/// call a look at a clock, and those that are interrupted are few.
pub(super) fn retry<T>(
    socket: &impl AsFd,
    timeout: Timeout,
    mut call: impl FnMut() -> Result<T, Errno>,
) -> Result<T, Errno> {
    match call() {
        Err(Errno::INTR) => retry_until(deadline(socket, timeout)?, call),
        result => result,
    }
}

#[cold]
fn retry_until<T>(deadline: Option<Instant>, mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                return Err(Errno::AGAIN);
            }
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// A time-out that begins now. One beyond all clocks is none.
pub(super) fn deadline(socket: &impl AsFd, timeout: Timeout) -> Result<Option<Instant>, Errno> {
    let limit = sockopt::socket_timeout(socket, timeout)?;
    Ok(limit.and_then(|limit| Instant::now().checked_add(limit)))
}
