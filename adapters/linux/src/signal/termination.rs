//! SIGTERM and SIGINT as something to wait for, beside sockets; and SIGHUP.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, retry_on_intr};

use crate::error::Error;
use crate::sys::eventfd::EventFd;
use crate::sys::signal::{self, Signals};

/// Readable, for any poller, since this process was told to end; and for good.
#[derive(Clone, Copy, Debug)]
pub struct Termination(&'static Signals);

/// From now on SIGTERM and SIGINT do not end the process, but make this readable. They are the whole process's: whoever
/// asked for them sees them.
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
    signal::catch().map(Termination).map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> Error {
    Error::plain("take signals", Errno::from_io_error(error).unwrap_or(Errno::IO))
}

impl Termination {
    /// Readable since this process was told to end once more, and for good: for whoever lets work in progress finish at the
    /// first signal, and stops at once at the second.
    ///
    /// ```
    /// use rustix::event::{PollFd, PollFlags, poll};
    /// let termination = wirenut_linux::signal::termination()?;
    /// let again = termination.repeated();
    /// let mut watched = [PollFd::new(&termination, PollFlags::IN), PollFd::new(&again, PollFlags::IN)];
    /// let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    /// assert_eq!(poll(&mut watched, Some(&now))?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn repeated(&self) -> BorrowedFd<'static> {
        self.0.second.as_fd()
    }
}

/// Readable since the first signal.
impl AsFd for Termination {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.first.as_fd()
    }
}

/// What has a daemon open its files anew: each SIGHUP since [`hangups`].
#[derive(Clone, Copy, Debug)]
pub struct Hangups(&'static EventFd);

/// From now on SIGHUP does not end the process, but is waited for: by one thread, since it is taken by whoever waits.
///
/// It is this process's alone. Who forks and wants its children to hear of it has them ask for their own, and sends it on to them:
/// `systemctl reload` tells the main process, and `kill -HUP` one.
///
/// ```
/// use wirenut_linux::poller::{Interest, Poll, Poller, Token};
/// use wirenut_linux::signal::{self, Signal};
/// use std::os::fd::AsFd;
/// let hangups = signal::hangups()?;
/// let mut poller = Poll::new();
/// poller.register(hangups.as_fd(), Token(1), Interest::READABLE)?;
/// signal::send(Signal::SIGHUP, std::process::id())?;
/// while poller.next_event().is_none() {
///     let _ = poller.wait(None)?;
/// }
/// hangups.take();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The system has no descriptor left.
pub fn hangups() -> Result<Hangups, Error> {
    signal::catch_hangups().map(Hangups).map_err(|error| failed(&error))
}

impl Hangups {
    /// Waits for the next one. Those that came since the last wait are one.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn wait(&self) -> Result<(), Error> {
        let mut watched = [PollFd::new(self.0, PollFlags::IN)];
        retry_on_intr(|| poll(&mut watched, None)).map_err(|errno| Error::plain("wait for signals", errno))?;
        self.0.clear();
        Ok(())
    }

    /// Takes the one that a poller has found; it is not readable then, until the next one.
    pub fn take(&self) {
        self.0.clear();
    }
}

/// Readable since a signal that nobody has waited for or [taken](Hangups::take).
impl AsFd for Hangups {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
