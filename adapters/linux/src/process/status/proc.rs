//! The folders of /proc, each of a process.

use core::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::{Observation, Status, parse};
use crate::error::Error;

/// Why the system shows nothing of a process.
#[derive(Debug)]
#[non_exhaustive]
pub enum StatusError {
    /// There is no process with this id, or it has vanished meanwhile.
    NoSuchProcess(u32),
    /// /proc is not to be had, or is not as it should be.
    System(Error),
}

/// The ids of all processes that this one sees, in order. Some may have ended already.
///
/// ```
/// use wirenut_linux::process::status::{Status, StatusError, all};
/// for pid in all()? {
///     match Status::of(pid) {
///         Ok(status) => assert_eq!(status.pid, pid),
///         Err(StatusError::NoSuchProcess(_)) => {} // it has ended since
///         Err(error) => return Err(error.into()),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no /proc.
pub fn all() -> Result<Vec<u32>, Error> {
    let failed = |error: io::Error| Error::because("list processes in", &"/proc", error);
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc").map_err(failed)? {
        // All else in there has another name.
        pids.extend(entry.map_err(failed)?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    pids.sort_unstable();
    Ok(pids)
}

/// The folder of one process, for as long as that lives: a process that gets its number later has another.
pub(super) struct Folder {
    descriptor: OwnedFd,
    pid: u32,
}

impl Folder {
    pub(super) fn open(pid: u32) -> Result<Self, StatusError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(CWD, format!("/proc/{pid}"), flags, Mode::empty()) {
            Ok(descriptor) => Ok(Self { descriptor, pid }),
            Err(errno) => Err(failed(pid, "", errno.into())),
        }
    }

    pub(super) fn status(&self) -> Result<Status, StatusError> {
        let (stat, status) = (self.read("stat")?, self.read("status")?);
        match parse::thread_group(&status) {
            Some(process) if process != self.pid => Err(StatusError::NoSuchProcess(self.pid)),
            _ => parse::parse(&stat, &status).ok_or_else(|| self.malformed("stat")),
        }
    }

    pub(super) fn observation(&self) -> Result<Observation, StatusError> {
        let schedstat = self.read("schedstat")?;
        // Its state is looked at last, so that one that has ended is not taken for one that is ready.
        let state = self.status()?.state;
        Observation::parse(state, &schedstat).ok_or_else(|| self.malformed("schedstat"))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, StatusError> {
        let mut bytes = Vec::new();
        let file = openat(&self.descriptor, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let read = file.map_err(io::Error::from).and_then(|file| File::from(file).read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| failed(self.pid, name, error))
    }

    fn malformed(&self, name: &str) -> StatusError {
        failed(self.pid, name, io::ErrorKind::InvalidData.into())
    }
}

/// Of a process that is gone, the files are not there, or cannot be read.
fn failed(pid: u32, name: &str, error: io::Error) -> StatusError {
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::SRCH) => StatusError::NoSuchProcess(pid),
        _ => StatusError::System(Error::because("read", &format_args!("/proc/{pid}/{name}"), error)),
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchProcess(pid) => write!(f, "there is no process {pid}"),
            Self::System(error) => error.fmt(f),
        }
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for StatusError {}
