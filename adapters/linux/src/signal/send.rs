//! Sending signals: kill(2), tgkill(2), sigqueue(3), pidfd_send_signal(2).

use core::fmt::{self, Display};
use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;

use super::{Signal, Value};
use crate::error::Error;
use crate::sys::kill;

/// Sends the signal to a process, by its number.
///
/// The number may be another process's by now, if its own has ended and nobody we know of has yet waited for it: only for a child
/// of ours, or by a [descriptor](send_by_descriptor), is it sure who gets it. That a process has ended and is a zombie is no
/// error.
///
/// Of a real-time signal that is sent so, the system drops those for which it has no place in the queue, and does not say so: see
/// [`queue`].
///
/// ```
/// use wirenut_linux::signal::{self, Signal};
/// let mut child = std::process::Command::new("sleep").arg("1000").spawn()?;
/// signal::send(Signal::SIGTERM, child.id())?;
/// use std::os::unix::process::ExitStatusExt;
/// assert_eq!(child.wait()?.signal(), Some(Signal::SIGTERM.number()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such process, which 0 and what is no process number never are; or it is another user's.
pub fn send(signal: Signal, process: u32) -> Result<(), SendError> {
    kill::to_process(process, signal.number())
        .map_err(|errno| SendError::new(signal, &format_args!("process {process}"), errno))
}

/// Sends the signal to all processes of a group that this one may send to: setpgid(2).
///
/// ```
/// use std::os::unix::process::{CommandExt, ExitStatusExt};
/// use wirenut_linux::signal::{self, Signal};
/// let mut child = std::process::Command::new("sleep").arg("1000").process_group(0).spawn()?;
/// signal::send_to_group(Signal::SIGKILL, child.id())?;
/// assert_eq!(child.wait()?.signal(), Some(Signal::SIGKILL.number()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such group, which 0 and 1 never are: the system takes them for this group and for all processes. Or it is another
/// user's as a whole.
pub fn send_to_group(signal: Signal, group: u32) -> Result<(), SendError> {
    kill::to_group(group, signal.number())
        .map_err(|errno| SendError::new(signal, &format_args!("process group {group}"), errno))
}

/// Sends the signal to all processes of this one's group, also to this one.
///
/// ```
/// use wirenut_linux::signal::{self, Signal};
/// signal::ignore(Signal::SIGUSR1)?;
/// # rustix::process::setpgid(None, None)?; // not to the programs that test this one
/// signal::send_to_own_group(Signal::SIGUSR1)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The system says so.
pub fn send_to_own_group(signal: Signal) -> Result<(), SendError> {
    kill::to_own_group(signal.number()).map_err(|errno| SendError::new(signal, &"the own process group", errno))
}

/// Sends the signal to the process that a descriptor refers to, which is no other for as long as it is open: pidfd_open(2).
///
/// ```
/// use rustix::process::{Pid, PidfdFlags, pidfd_open};
/// use wirenut_linux::signal::{self, SendError, Signal};
/// let mut child = std::process::Command::new("sleep").arg("1000").spawn()?;
/// let descriptor = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
/// signal::send_by_descriptor(Signal::SIGKILL, &descriptor)?;
/// child.wait()?;
/// let error = signal::send_by_descriptor(Signal::SIGKILL, &descriptor).unwrap_err();
/// assert!(matches!(error, SendError::Gone(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The process has ended, and was waited for; or it is another user's.
pub fn send_by_descriptor(signal: Signal, process: impl AsFd) -> Result<(), SendError> {
    let process = process.as_fd();
    let sent = kill::by_descriptor(process, signal.number());
    sent.map_err(|errno| SendError::because(Error::on("send a signal to the process of", &process, errno), errno))
}

/// Sends the signal to the calling thread, which has handled it when this returns, if it does not block it. Others, such as the
/// whole process, are reached by [`send`].
///
/// ```
/// use wirenut_linux::signal::{self, Handler, Signal};
/// signal::handle(Signal::SIGINT, Handler::new())?;
/// signal::raise(Signal::SIGINT)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The queue of real-time signals is full.
pub fn raise(signal: Signal) -> Result<(), SendError> {
    kill::to_thread(kill::thread_id(), signal.number())
        .map_err(|errno| SendError::new(signal, &"the thread that raises it", errno))
}

/// Sends the signal with a value, for who [waits](super::wait) for it: sigqueue(3). Real-time signals come once for each time they
/// are sent, and in this order; of a standard signal that waits already, a second one is dropped with its value.
///
/// ```
/// use wirenut_linux::signal::{self, Signal};
/// let signal = Signal::real_time(0).unwrap();
/// let _blocked = signal::block(&signal.into());
/// for value in [1, 2] {
///     signal::queue(signal, std::process::id(), value.into())?;
/// }
/// for value in [1, 2] {
///     let info = signal::wait(&signal.into(), None)?.done().unwrap();
///     assert_eq!(info.value().map(|value| value.as_i32()), Some(value));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`send`]; and [`SendError::Full`]: as many signals wait as the user may have (RLIMIT_SIGPENDING), and nothing was sent.
pub fn queue(signal: Signal, process: u32, value: Value) -> Result<(), SendError> {
    let sent = kill::queue(process, signal.number(), value.as_usize());
    sent.map_err(|errno| SendError::new(signal, &format_args!("process {process}"), errno))
}

/// Why a signal was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// There is no such process, group or thread (any more).
    Gone(Error),
    /// It is another user's: kill(2) has the rules.
    Forbidden(Error),
    /// The queue has no place. Later it may.
    Full(Error),
    /// Something else, such as a system without such a call.
    Other(Error),
}

impl SendError {
    pub(super) fn new(signal: Signal, to: &impl Display, errno: Errno) -> Self {
        Self::because(Error::of("send", &format_args!("{signal} to {to}"), errno), errno)
    }

    fn because(error: Error, errno: Errno) -> Self {
        match errno {
            Errno::SRCH => Self::Gone(error),
            Errno::PERM => Self::Forbidden(error),
            Errno::AGAIN => Self::Full(error),
            _ => Self::Other(error),
        }
    }

    const fn error(&self) -> &Error {
        match self {
            Self::Gone(error) | Self::Forbidden(error) | Self::Full(error) | Self::Other(error) => error,
        }
    }
}

/// ```
/// use wirenut_linux::signal::{Signal, send};
/// let error = send(Signal::SIGTERM, 0).unwrap_err();
/// assert_eq!(error.to_string(), "cannot send SIGTERM to process 0: No such process (os error 3)");
/// ```
impl Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl core::error::Error for SendError {}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Gone(error) | SendError::Forbidden(error) | SendError::Full(error) | SendError::Other(error) => {
                error
            }
        }
    }
}

impl From<SendError> for io::Error {
    fn from(error: SendError) -> Self {
        Error::from(error).into()
    }
}
