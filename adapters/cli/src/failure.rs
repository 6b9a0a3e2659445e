//! What ends the command with exit status 1, each shown in one line.

use core::error::Error;
use core::fmt;
use core::net::IpAddr;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use wirenut_linux::lookup::Failure as Lookup;

const EADDRINUSE: i32 = Errno::ADDRINUSE.raw_os_error();
const EADDRNOTAVAIL: i32 = Errno::ADDRNOTAVAIL.raw_os_error();
const EACCES: i32 = Errno::ACCESS.raw_os_error();

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
    /// The file for the log could not be opened.
    LogFile {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// An address could not be listened on, a name was not found, or a server could not go on.
    Network(wirenut_linux::Error),
    /// A file, or standard output, did not take what the command writes.
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The address has no name.
    Nameless(IpAddr),
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
            Self::LogFile { path, error } => write!(f, "cannot write the log to '{}': {error}", path.display()),
            Self::Network(error) => write!(f, "{error}{}", advice(error)),
            Self::Write { path, error } => write!(f, "cannot write to {path:?}: {error}"),
            Self::Nameless(address) => write!(f, "{address} has no name"),
            Self::System { what, error } => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Directory { error, .. }
            | Self::LogFile { error, .. }
            | Self::Write { error, .. }
            | Self::System { error, .. } => Some(error),
            Self::Network(error) => Some(error),
            Self::Nameless(_) => None,
        }
    }
}

impl From<wirenut_linux::Error> for Failure {
    fn from(error: wirenut_linux::Error) -> Self {
        Self::Network(error)
    }
}

/// What the user can do, where that is known.
fn advice(error: &wirenut_linux::Error) -> &'static str {
    match (error.lookup_failure(), error.raw_os_error()) {
        (Some(Lookup::NoName | Lookup::NoData), _) => " (is it spelt right? 'getent ahosts NAME' asks the same)",
        (Some(Lookup::Service), _) => " (give a port in digits, or a name of /etc/services)",
        (None, Some(EADDRINUSE)) => " (somebody is there already: choose another, for addresses port 0)",
        (None, Some(EADDRNOTAVAIL)) => {
            " (no interface of this machine has it: 'ip address' shows those that there are)"
        }
        (None, Some(EACCES)) => " (ports below 1024 are root's, and directories their owners')",
        _ => "",
    }
}
