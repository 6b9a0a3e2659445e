//! What ends the command with exit status 1, each shown in one line.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use wirenut_linux::{BindError, RunError};

/// Why the command ended without success. Its `Display` is the line for the user, without the `wirenut: ` before it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The directory to serve could not be opened: it is missing, no directory, or not ours to enter.
    Directory {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The address could not be listened on.
    Listen(BindError),
    /// The server ended.
    Run(RunError),
    /// The system would not give what the command needs to run.
    System {
        /// What was asked for.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { path, error } => {
                write!(f, "cannot serve '{}': {error}", path.display())
            }
            Self::Listen(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
            Self::System { what, error } => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Directory { error, .. } | Self::System { error, .. } => Some(error),
            Self::Listen(error) => Some(error),
            Self::Run(error) => Some(error),
        }
    }
}
