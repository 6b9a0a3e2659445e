//! Why a task has no result.

use alloc::sync::Arc;
use core::fmt;

use rustix::io::Errno;

use super::wire::{ENDED, EXITED, Head, LOST, NO_WORKER, SIGNALED, TIMED_OUT};
use crate::error::Error;
use crate::process::Ended;
#[cfg(feature = "serde")]
use crate::process::pipe::ValueError;

/// Why a task has no result.
///
/// ```
/// use wirenut_linux::process::pool::{Pool, TaskError};
/// let mut builder = Pool::builder().workers(1);
/// let parse = builder.task("parse", |text| match str::from_utf8(text).unwrap().parse::<u8>() {
///     Ok(number) => Ok(vec![number]),
///     Err(error) => Err(error),
/// });
/// let pool = builder.start()?;
/// assert_eq!(pool.apply(parse, b"7")?, [7]);
/// let error = pool.apply(parse, b"seven").unwrap_err();
/// assert!(matches!(&error, TaskError::Failed(text) if text == "invalid digit found in string"));
/// assert!(matches!(pool.apply(parse, b"\xff"), Err(TaskError::Panicked(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TaskError {
    /// The function has returned an error: its text.
    Failed(String),
    /// The function has panicked: the message, empty where it had none that is text.
    Panicked(String),
    /// The process that ran the task has ended, and the task was not to be tried again, or was often enough. It may have
    /// done some of its work.
    Died(Ended),
    /// The task took longer than the pool's time limit, and its process was killed.
    TimedOut,
    /// No process is left to run the task, and the system does not let a new one be made. The task has not begun.
    NoWorker(Arc<Error>),
    /// The pool was [closed](super::Pool::close) before. The task has not begun.
    Closed,
    /// The pool was terminated, or its keeper was killed, before the task was done.
    Ended,
    /// The task belongs to another pool, or the pool to another process: this one was forked from the one that started it.
    Foreign,
    /// The argument cannot be written as bytes, or the result is no such value.
    #[cfg(feature = "serde")]
    Value(ValueError),
    /// The system said something else, such as that no memory or descriptor is left. The task may have been done.
    System(Arc<Error>),
}

impl TaskError {
    /// Why there are no results, by the report; `None` if there are.
    pub(super) fn of(head: Head) -> Option<Self> {
        let errno = || i32::try_from(head.detail).map_or(Errno::IO, Errno::from_raw_os_error);
        match head.what {
            NO_WORKER => Some(Self::NoWorker(Arc::new(Error::plain("fork a worker for the task", errno())))),
            LOST => Some(Error::plain("pass on the task or its result", errno()).into()),
            TIMED_OUT => Some(Self::TimedOut),
            EXITED | SIGNALED | ENDED => Some(Self::Died(head.ended())),
            _ => None,
        }
    }

    /// No such task will ever be done.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Closed | Self::Ended | Self::Foreign)
    }
}

impl From<Error> for TaskError {
    fn from(error: Error) -> Self {
        Self::System(Arc::new(error))
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) => write!(f, "the task failed: {text}"),
            Self::Panicked(text) => write!(f, "the task panicked: {text}"),
            Self::Died(ended) => write!(f, "the process that ran the task {ended}"),
            Self::TimedOut => f.write_str("the task took too long, and was killed"),
            Self::Closed => f.write_str("the pool is closed"),
            Self::Ended => f.write_str("the pool ended before the task was done"),
            Self::Foreign => f.write_str("the task or the pool belongs to another pool or process"),
            #[cfg(feature = "serde")]
            Self::Value(error) => write!(f, "the argument or result is no such value: {error}"),
            Self::NoWorker(error) | Self::System(error) => error.fmt(f),
        }
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for TaskError {}
