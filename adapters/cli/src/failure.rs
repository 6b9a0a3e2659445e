//! What ends the command with exit status 1, each shown in one line.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

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
    /// This build of the command has no server in it yet.
    NoServer,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { path, error } => {
                write!(f, "cannot serve '{}': {error}", path.display())
            }
            Self::NoServer => f.write_str("this build has no server in it yet"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Directory { error, .. } => Some(error),
            Self::NoServer => None,
        }
    }
}
