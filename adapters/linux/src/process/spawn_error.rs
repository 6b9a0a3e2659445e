//! Why there is no child.

use core::fmt;
use std::io;

use rustix::io::Errno;

use crate::error::Error;

/// Why a process was not forked. There is no child then, and what was to run in it has been dropped.
///
/// ```
/// use std::sync::mpsc::channel;
/// use wirenut_linux::process::{self, SpawnError};
///
/// let (end, ended) = channel::<()>();
/// let thread = std::thread::spawn(move || ended.recv());
/// let error = process::spawn(|| {}).unwrap_err();
/// assert!(matches!(error, SpawnError::Threads(2)));
/// assert!(error.to_string().starts_with("cannot fork a process that has 2 threads: "), "{error}");
/// drop(end);
/// let _ = thread.join();
/// process::spawn(|| {})?.join()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// This process has so many threads. See [Threads](super#threads).
    Threads(usize),
    /// The system has refused it: too many processes, no memory, no descriptor, no permission.
    System(Error),
}

impl SpawnError {
    /// What a process says by a number.
    pub(super) fn errno(&self) -> Errno {
        match self {
            Self::Threads(_) => Errno::NOTSUP,
            Self::System(error) => error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error),
        }
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threads(count) => {
                write!(f, "cannot fork a process that has {count} threads: ")?;
                f.write_str("fork before threads start, or keep a pool of processes that was made then")
            }
            Self::System(error) => error.fmt(f),
        }
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for SpawnError {}

impl From<Error> for SpawnError {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

/// Keeps the kind and the line.
impl From<SpawnError> for io::Error {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Threads(_) => Self::new(io::ErrorKind::Unsupported, error),
            SpawnError::System(error) => error.into(),
        }
    }
}
