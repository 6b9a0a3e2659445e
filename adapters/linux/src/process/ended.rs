//! How a process has ended.

use core::fmt;

use rustix::process::WaitIdStatus;

use crate::signal::Signal;

/// How a process has ended: wait(2), with exit, panic, death by a signal and a core dump told apart.
///
/// ```
/// use wirenut_linux::process::{self, Ended};
/// let child = process::spawn(|| -> () { panic!("no more paper") })?;
/// let ended = child.join()?;
/// assert_eq!(ended, Ended::Panicked("no more paper".to_owned()));
/// assert_eq!((ended.to_string(), ended.is_success()), ("panicked: no more paper".to_owned(), false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ended {
    /// It has left by itself, with this status: 0 means that all is well.
    Exited(u8),
    /// Its closure has panicked, so it left with status 101. The message is cut at 4 KiB; it is empty where the panic had
    /// none that is text.
    ///
    /// Where panics abort (`panic = "abort"`), a panic is a death by SIGABRT.
    Panicked(String),
    /// A signal has ended it.
    Signaled {
        /// Which one.
        signal: Signal,
        /// True if the system wrote a core dump, or gave it to a program that takes them: core(5).
        core_dumped: bool,
    },
    /// It has ended, and nobody can tell its status: this process ignores SIGCHLD, somebody else has waited for any child
    /// (`wait(2)`, `waitpid(-1)`), or the child is one of another process, such as the parent of this one.
    Unknown,
}

impl Ended {
    /// It has left with status 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }

    pub(super) fn of(status: &WaitIdStatus) -> Self {
        if let Some(status) = status.exit_status() {
            // The system keeps the lowest eight bits of what exit(3) was given.
            return u8::try_from(status & 0xff).map_or(Self::Unknown, Self::Exited);
        }
        match status.terminating_signal().and_then(Signal::from_number) {
            Some(signal) => Self::Signaled { signal, core_dumped: status.dumped() },
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Signaled { signal, core_dumped } => {
                write!(f, "ended by {signal}{}", if *core_dumped { " (core dumped)" } else { "" })
            }
            Self::Unknown => f.write_str("ended"),
        }
    }
}
