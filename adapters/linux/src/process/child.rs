//! A child, as its parent holds it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, waitid};
use wirenut::time::Duration;

use super::dropped;
use super::ended::Ended;
use crate::error::Error;
use crate::signal::Signal;
use crate::sys::kill;
use crate::sys::page::SharedText;

/// A process that this one has forked. Its descriptor (a pidfd) is readable, for any poller, once it has ended.
///
/// All is done by that descriptor, so never to another process that has got the number of one that has ended.
///
/// Dropping it never waits. A child that has ended is reaped then; one that runs goes on, and is reaped when it has ended,
/// with the next [`spawn`](super::spawn) or [`reap_dropped`](super::reap_dropped). A [daemon](super::Process::daemon) is
/// killed.
///
/// ```
/// use wirenut_linux::process::{Ended, Process};
/// use wirenut_linux::signal::Signal;
///
/// let child = Process::new().name("sleeper").spawn(|| loop { std::thread::park() })?;
/// assert!(child.is_alive()?);
/// assert_ne!(child.pid(), std::process::id());
/// child.terminate()?;
/// assert_eq!(child.join()?, Ended::Signaled { signal: Signal::SIGTERM, core_dumped: false });
/// assert!(!child.is_alive()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Child {
    /// Taken when it is dropped, and only then.
    pidfd: Option<OwnedFd>,
    pid: Pid,
    name: Box<str>,
    is_daemon: bool,
    /// Who has forked it, and so may reap it.
    parent: Pid,
    /// The message of its panic, if it has panicked.
    panic: SharedText,
    /// How it has ended, once that is known.
    ended: Mutex<Option<Ended>>,
}

impl Child {
    pub(super) fn new(pidfd: OwnedFd, pid: Pid, name: &str, is_daemon: bool, panic: SharedText) -> Self {
        let (pidfd, ended) = (Some(pidfd), Mutex::new(None));
        Self { pidfd, pid, name: name.into(), is_daemon, parent: getpid(), panic, ended }
    }

    /// Its process id. It may be another process's once this child has been joined.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The name that it was given; empty without one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True until it has ended, whether it was joined or not.
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn is_alive(&self) -> Result<bool, Error> {
        Ok(!self.wait(Some(Duration::default()))?)
    }

    /// Asks it to end: SIGTERM. One that has ended is left alone.
    ///
    /// # Errors
    /// It has become another user's.
    pub fn terminate(&self) -> Result<(), Error> {
        self.send(Signal::SIGTERM)
    }

    /// Ends it, whatever it does: SIGKILL. One that has ended is left alone.
    ///
    /// # Errors
    /// It has become another user's.
    pub fn kill(&self) -> Result<(), Error> {
        self.send(Signal::SIGKILL)
    }

    /// Sends it a signal: pidfd_send_signal(2). One that has ended is left alone.
    ///
    /// ```
    /// use wirenut_linux::process::{self, Ended};
    /// use wirenut_linux::signal::Signal;
    /// let child = process::spawn(|| loop { std::thread::park() })?;
    /// child.send(Signal::SIGUSR1)?;
    /// assert_eq!(child.join()?, Ended::Signaled { signal: Signal::SIGUSR1, core_dumped: false });
    /// child.send(Signal::SIGUSR1)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It has become another user's.
    pub fn send(&self, signal: Signal) -> Result<(), Error> {
        match kill::by_descriptor(self.as_fd(), signal.number()) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(Error::of("send a signal to process", &self.pid(), errno)),
        }
    }

    /// Waits until it has ended, and says how. Asked again, it says the same again.
    ///
    /// ```
    /// use wirenut_linux::process::{self, Ended};
    /// let child = process::spawn(|| 7)?;
    /// assert_eq!((child.join()?, child.join()?), (Ended::Exited(7), Ended::Exited(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn join(&self) -> Result<Ended, Error> {
        self.wait(None)?;
        self.reap()
    }

    /// The same, for so long at most. `None` if it runs on; with a time of zero, nothing is waited for.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// use wirenut_linux::process;
    /// let child = process::spawn(|| loop { std::thread::park() })?;
    /// assert_eq!(child.join_timeout(Duration::from_millis(5))?, None);
    /// child.kill()?;
    /// assert!(child.join_timeout(Duration::from_secs(60))?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn join_timeout(&self, limit: Duration) -> Result<Option<Ended>, Error> {
        if self.wait(Some(limit))? { self.reap().map(Some) } else { Ok(None) }
    }

    /// Has it ended? Waits for it, for so long at most.
    fn wait(&self, limit: Option<Duration>) -> Result<bool, Error> {
        // A time beyond all clocks is none.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit.into()));
        let mut watched = [PollFd::from_borrowed_fd(self.as_fd(), PollFlags::IN)];
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut watched, left.as_ref()) {
                Ok(found) => return Ok(found > 0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::of("wait for process", &self.pid(), errno)),
            }
        }
    }

    /// How it has ended, as it has. Of several threads that ask, one asks the system.
    fn reap(&self) -> Result<Ended, Error> {
        let mut known = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = &*known {
            return Ok(ended.clone());
        }
        let ended = loop {
            match waitid(WaitId::PidFd(self.as_fd()), WaitIdOptions::EXITED) {
                Ok(Some(status)) => break self.told(Ended::of(&status)),
                Ok(None) | Err(Errno::INTR) => {}
                Err(Errno::CHILD) => break self.told(Ended::Unknown),
                Err(errno) => return Err(Error::of("wait for process", &self.pid(), errno)),
            }
        };
        *known = Some(ended.clone());
        Ok(ended)
    }

    /// A panic is told by the message that it has left, whatever became of the status.
    fn told(&self, ended: Ended) -> Ended {
        match (ended, self.panic.read()) {
            (Ended::Exited(_) | Ended::Unknown, Some(message)) => Ended::Panicked(message),
            (ended, _) => ended,
        }
    }
}

/// A pidfd: readable once the process has ended.
impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_ref().expect("dropping takes it").as_fd()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let is_reaped = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner).is_some();
        // A process that was forked later, and has got a copy of this, has no child in it.
        if is_reaped || self.parent != getpid() {
            return;
        }
        if self.is_daemon {
            let _ = self.kill();
        }
        if let Some(pidfd) = self.pidfd.take() {
            dropped::remember(pidfd);
        }
    }
}
