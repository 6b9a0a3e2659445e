//! The new process, as the old one sees it until it is ready.

use core::fmt;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Duration;
use wirenut_linux::Error;
use wirenut_linux::process::{Child, Ended};

use super::handover::{Channel, Word};
use super::service::Life;

/// For how long a process that has closed its end may take to end before it is killed.
const GRACE: Duration = Duration::from_millis(500);

/// Why no other process goes on in the place of this one, which serves on.
#[derive(Debug)]
#[non_exhaustive]
pub enum RestartError {
    /// A restart is under way; or this process itself has not said that it is ready.
    InProgress,
    /// Another process has the service already.
    HandedOver,
    /// The new process could not be started, or asked.
    System(Error),
    /// It has ended, or has closed what it was to say it by, before it was ready.
    Ended(Ended),
    /// It was not ready in this time, and was killed.
    TimedOut(Duration),
}

impl fmt::Display for RestartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot restart: ")?;
        match self {
            Self::InProgress => f.write_str("this process begins, or a restart is under way"),
            Self::HandedOver => f.write_str("another process has taken over already"),
            Self::System(error) => error.fmt(f),
            Self::Ended(ended) => write!(f, "the new process {ended} before it was ready"),
            Self::TimedOut(patience) => {
                write!(f, "the new process was not ready within {} ms, and was killed", patience.as_millis())
            }
        }
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for RestartError {}

impl From<Error> for RestartError {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

/// A new process that is on its way: see [`Life::start_successor`]. If this is dropped before it is ready, it is killed.
///
/// It is readable, for any poller, when there is something to [look](Self::look) at.
#[derive(Debug)]
#[must_use = "the new process is killed when this is dropped"]
pub struct Successor<'a> {
    pub(super) life: &'a Life,
    pub(super) child: Child,
    pub(super) channel: Channel,
    pub(super) has_taken_over: bool,
}

impl Successor<'_> {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// True once it has taken over, so that this process is to drain and to end; false if it needs more time. Never waits for it.
    ///
    /// # Errors
    /// As [`Life::restart`], but for the time, which is the caller's. The restart is over then.
    pub fn look(&mut self) -> Result<bool, RestartError> {
        self.hear(Duration::default())
    }

    /// Waits until it has taken over, for so long at most.
    ///
    /// # Errors
    /// As [`Life::restart`].
    pub fn wait(mut self, patience: Duration) -> Result<(), RestartError> {
        if self.hear(patience)? {
            return Ok(());
        }
        Err(RestartError::TimedOut(patience))
    }

    fn hear(&mut self, patience: Duration) -> Result<bool, RestartError> {
        if self.has_taken_over {
            return Ok(true);
        }
        match self.channel.hear(patience)? {
            Word::Nothing => Ok(false),
            Word::Gone => Err(self.ended()?),
            Word::Ready => match self.life.give_to(self.child.pid(), &self.channel) {
                Ok(()) => {
                    self.has_taken_over = true;
                    Ok(true)
                }
                // It is gone at this moment: that is more to the point than that nobody reads.
                Err(error) => match self.child.join_timeout(GRACE)? {
                    Some(ended) => Err(RestartError::Ended(ended)),
                    None => Err(error.into()),
                },
            },
        }
    }

    fn ended(&self) -> Result<RestartError, Error> {
        if let Some(ended) = self.child.join_timeout(GRACE)? {
            return Ok(RestartError::Ended(ended));
        }
        self.child.kill()?;
        self.child.join().map(RestartError::Ended)
    }
}

impl AsFd for Successor<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.0.as_fd()
    }
}

impl Drop for Successor<'_> {
    fn drop(&mut self) {
        if self.has_taken_over {
            return;
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.join()) {
            log::error!("{error}");
        }
        self.life.go_on();
    }
}
