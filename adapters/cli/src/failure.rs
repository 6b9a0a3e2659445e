//! What ends the command with exit status 1, each shown in one line.

use core::error::Error;
use core::fmt;
use core::net::IpAddr;
use std::io;
use std::os::fd::RawFd;
use std::path::PathBuf;

use rustix::io::Errno;
use wirenut::framing::{FrameError, Rule};
use wirenut_linux::lookup::Failure as Lookup;
use wirenut_linux::process::{Ended, SpawnError};

use crate::frame::InvalidFraming;
use crate::log::{Name, OneLine};
use crate::serve::auth::GateError;
use crate::serve::path::RelativePath;
use crate::server::Combination;
use crate::ws::failure::WsFailure;

const EADDRINUSE: i32 = Errno::ADDRINUSE.raw_os_error();
const EADDRNOTAVAIL: i32 = Errno::ADDRNOTAVAIL.raw_os_error();
const EACCES: i32 = Errno::ACCESS.raw_os_error();
const EPERM: i32 = Errno::PERM.raw_os_error();
const ENODEV: i32 = Errno::NODEV.raw_os_error();
const EBUSY: i32 = Errno::BUSY.raw_os_error();
const ENOTTY: i32 = Errno::NOTTY.raw_os_error();

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
    /// A capture could not be read, or not to its end.
    Capture {
        /// As the user wrote it.
        path: PathBuf,
        /// Where what could not be read begins, in bytes.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The connection that was to be drawn is not in the table.
    NoConnection {
        /// As the user wrote it, from 1.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// An interface could not be watched, or not any more.
    Interface(wirenut_linux::Error),
    /// The framing that the command line asks for cannot be.
    Framing(InvalidFraming),
    /// A stream could not be read.
    Read {
        /// Its name.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A serial device could not be opened, or set up.
    Serial {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// So often something in a stream was no item; all that were items were shown.
    Skipped(u64),
    /// Nobody can tell where the next item of a stream begins.
    Lost(FrameError),
    /// An item could not be encoded. Those before it were.
    Item {
        /// Its number, from 1.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The file for the log could not be opened.
    LogFile {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The certificate or the key that options name cannot be used.
    Certificate(wirenut_server::TlsError),
    /// A page that an option names is no file that could be served.
    Page {
        /// The option.
        option: &'static str,
        /// As the user wrote it, beneath the served directory.
        page: RelativePath,
        /// The served directory, as the user wrote it.
        directory: PathBuf,
        /// What is wrong with the page.
        reason: String,
    },
    /// Passwords cannot be checked as the options say.
    Users(GateError),
    /// A password could not be hashed; the text says why.
    Password(&'static str),
    /// An address could not be listened on, a name was not found, or a server could not go on.
    Network(wirenut_linux::Error),
    /// A socket that `--listen` names was not passed to this process: how it is named.
    NotPassed(String),
    /// A socket was passed to this process, and no `--listen` names it.
    Unclaimed {
        /// Its number.
        number: RawFd,
        /// Its name.
        name: String,
    },
    /// A file, or standard output, did not take what the command writes.
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A WebSocket was not opened, or did not end well.
    WebSocket(WsFailure),
    /// The address has no name.
    Nameless(IpAddr),
    /// There are no processes with these ids.
    NoSuchProcess(Vec<u32>),
    /// Options that contradict each other.
    Combination(Combination),
    /// A server could not be given a process of its own.
    Fork {
        /// Where it listens.
        place: String,
        /// Why.
        error: SpawnError,
    },
    /// The process of a server has ended by itself.
    Process {
        /// Where it listened.
        place: String,
        /// How it has ended.
        ended: Ended,
    },
    /// Everything was said already; the command ends with this status.
    Ended(u8),
    /// The system would not give what the command needs to run.
    System {
        /// What was asked for.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl Failure {
    /// The exit status.
    #[must_use]
    pub const fn status(&self) -> u8 {
        if let Self::Ended(status) = self { *status } else { 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { path, error } => write!(f, "cannot serve '{}': {error}", Name::of(path)),
            Self::Capture { path, offset: 0, reason } => write!(f, "cannot read '{}': {reason}", Name::of(path)),
            Self::Capture { path, offset, reason } => {
                write!(f, "cannot read '{}' from byte {offset} on: {reason}", Name::of(path))
            }
            Self::NoConnection { number, count: 0 } => write!(f, "cannot draw connection {number}: there is none"),
            Self::NoConnection { number, count } => {
                write!(f, "cannot draw connection {number}: the last one is {count}")
            }
            Self::Interface(error) => write!(f, "{}{}", OneLine(error.to_string()), interface_advice(error)),
            Self::Framing(invalid) => invalid.fmt(f),
            Self::Read { path, error } => write!(f, "cannot read '{}': {error}", Name::of(path)),
            Self::Serial { path, error } => {
                write!(f, "cannot use '{}' as a serial device: {error}{}", Name::of(path), serial_advice(error))
            }
            Self::Skipped(1) => f.write_str("something in the stream was no item, and was skipped"),
            Self::Skipped(count) => write!(f, "{count} times something in the stream was no item, and was skipped"),
            Self::Lost(error) if error.rule == Rule::TooLong => {
                write!(f, "cannot find the next item: {error} (--limit says how long an item may be)")
            }
            Self::Lost(error) => write!(f, "cannot find the next item: {error}"),
            Self::Item { number, reason } => write!(f, "cannot encode item {number}: {reason}"),
            Self::LogFile { path, error } => write!(f, "cannot write the log to '{}': {error}", Name::of(path)),
            Self::Certificate(error) => OneLine(error.to_string()).fmt(f),
            Self::Page { option, page, directory, reason } => {
                let (page, directory) = (Name(page.as_bytes()), Name::of(directory));
                write!(f, "cannot use '{page}' for {option}: {reason} (it must be a file beneath '{directory}')")
            }
            Self::Users(error) => write!(f, "{}", OneLine(error.to_string())),
            Self::Password(reason) => write!(f, "cannot take this password: {reason}"),
            Self::Network(error) => write!(f, "{}{}", OneLine(error.to_string()), advice(error)),
            Self::NotPassed(socket) => write!(
                f,
                "cannot listen on {socket}: no such socket was passed to this process (by systemd, LISTEN_FDS counts them and \
                 LISTEN_FDNAMES names them)"
            ),
            Self::Unclaimed { number, name } => {
                let name = OneLine(name.clone());
                write!(f, "cannot leave a socket unanswered that was passed: add --listen fd:{number} or fd:{name}")
            }
            Self::Write { path, error } => write!(f, "cannot write to '{}': {error}", Name::of(path)),
            Self::WebSocket(failure) => failure.fmt(f),
            Self::Nameless(address) => write!(f, "{address} has no name"),
            Self::NoSuchProcess(pids) => {
                let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
                write!(f, "there is no process {}", pids.join(", "))
            }
            Self::Combination(combination) => combination.fmt(f),
            Self::Fork { place, error } => write!(f, "cannot start a process for {}: {error}", OneLine(place.clone())),
            Self::Process { place, ended } => {
                write!(f, "the process that served {} {}", OneLine(place.clone()), OneLine(ended.to_string()))
            }
            Self::Ended(status) => write!(f, "ended with status {status}"),
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
            | Self::Read { error, .. }
            | Self::Serial { error, .. }
            | Self::System { error, .. } => Some(error),
            Self::Network(error) | Self::Interface(error) => Some(error),
            Self::Users(error) => Some(error),
            Self::Certificate(error) => Some(error),
            Self::Combination(combination) => Some(combination),
            Self::Framing(invalid) => Some(invalid),
            Self::Lost(error) => Some(error),
            Self::WebSocket(failure) => Some(failure),
            Self::Fork { error, .. } => Some(error),
            Self::Process { .. }
            | Self::Capture { .. }
            | Self::NoConnection { .. }
            | Self::Skipped(_)
            | Self::Item { .. }
            | Self::Page { .. }
            | Self::NotPassed(_)
            | Self::Unclaimed { .. }
            | Self::Nameless(_)
            | Self::Password(_)
            | Self::NoSuchProcess(_)
            | Self::Ended(_) => None,
        }
    }
}

impl From<wirenut_linux::Error> for Failure {
    fn from(error: wirenut_linux::Error) -> Self {
        Self::Network(error)
    }
}

/// The same for serial devices.
fn serial_advice(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(ENOTTY) => " (a file that is no device is read from standard input)",
        Some(EACCES) => " (they are for the group 'dialout', mostly: 'id' shows your groups)",
        Some(EBUSY) => " (another program has it for itself: 'fuser FILE' shows which)",
        _ => "",
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

/// The same for a capture.
fn interface_advice(error: &wirenut_linux::Error) -> &'static str {
    match error.raw_os_error() {
        Some(EPERM | EACCES) => {
            " (this needs the capability CAP_NET_RAW: run it as root, or let it have that by 'setcap cap_net_raw+ep FILE', \
             where FILE is this program)"
        }
        Some(ENODEV) => " ('ip link' shows the interfaces that there are)",
        _ => "",
    }
}
