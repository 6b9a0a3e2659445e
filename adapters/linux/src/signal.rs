//! SIGTERM and SIGINT as something to wait for, beside sockets.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;

use crate::error::Error;
use crate::sys::signal::{self, Signals};

/// Readable, for any poller, since this process was told to end; and for good.
#[derive(Clone, Copy, Debug)]
pub struct Termination(&'static Signals);

/// From now on SIGTERM and SIGINT do not end the process, but make this readable. They are the whole process's: whoever
/// asked for them sees them, a [`Server`](crate::Server) that stops on signals, too.
///
/// ```
/// use rustix::event::{PollFd, PollFlags, poll};
/// let termination = wirenut_linux::signal::termination()?;
/// let mut watched = [PollFd::new(&termination, PollFlags::IN)];
/// let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
/// assert_eq!(poll(&mut watched, Some(&now))?, 0); // nobody has told us to end
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The system has no descriptor left.
pub fn termination() -> Result<Termination, Error> {
    let failed = |error| Error::plain("take signals", Errno::from_io_error(&error).unwrap_or(Errno::IO));
    signal::catch().map(Termination).map_err(failed)
}

impl AsFd for Termination {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.first.as_fd()
    }
}
