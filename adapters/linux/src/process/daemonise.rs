//! Processes in the background, as daemon(7) has those of the old style.

use alloc::sync::Arc;
use core::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::fs::Mode;
use rustix::io::{Errno, Result as SystemResult};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{chdir, setsid, umask};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::detached::fork_twice;
use super::inherited::{self, Ends};
use super::report::Report;
use super::run::{Failure, attempt};
use super::spawn_error::SpawnError;
use super::start::shared_text;
use crate::error::Error;
use crate::signal::SignalSet;
use crate::sys::fork::PANICKED;
use crate::sys::page::SharedText;

/// The first byte of what the daemon tells its starter.
const READY: u8 = b'+';
const FAILED: u8 = b'-';

/// How a daemon tells its starter that it is at work: see [`daemonise`].
#[derive(Debug)]
#[must_use = "the starter waits until the daemon says that it is ready"]
pub struct Ready(Arc<File>);

impl Ready {
    /// The starter goes on. If it is gone, nobody misses the word.
    pub fn tell(self) {
        let _ = (&*self.0).write_all(&[READY]);
    }
}

impl inherited::End for File {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    fn note_closed(&self) {
        // What is told there is lost, and nobody misses it.
    }
}

/// Why there is no daemon.
#[derive(Debug)]
#[non_exhaustive]
pub enum DaemonError {
    /// It did not begin.
    NotStarted(SpawnError),
    /// It began, and has ended before it was ready: what its closure returned or panicked with; nothing where it was killed.
    Failed(String),
}

/// Runs the closure in the background, and returns when it says that it is [`Ready`]: with the daemon's process id, so that
/// the program that was started may end with status 0, and whoever has started it knows that the daemon is at work. If the
/// daemon fails before that, the error is the daemon's.
///
/// The daemon is a grandchild, so that nobody in particular has to wait for it, in a session without a terminal that it
/// does not lead, so that it gets none by accident. Its working directory is `/`, its umask 022 (that of daemon(7), 0,
/// would let everybody write to files that `std::fs` creates), and its standard input, output and error are
/// `/dev/null`. Other descriptors are inherited, see [the module](super#what-the-child-inherits). A program that systemd or
/// another supervisor starts needs none of this.
///
/// ```no_run
/// use wirenut_linux::process;
/// use wirenut_linux::socket::TcpListener;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let pid = process::daemonise(|ready| {
///         let listener = TcpListener::bind(&"127.0.0.1:8080".parse().map_err(|_| "no address")?)?;
///         ready.tell();
///         serve(&listener)
///     })?;
///     println!("{pid}");
///     Ok(())
/// }
/// # fn serve(_: &TcpListener) -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
/// ```
///
/// # Errors
/// [`DaemonError::NotStarted`], as [`Process::spawn`](super::Process::spawn); or [`DaemonError::Failed`].
pub fn daemonise<R: Report>(closure: impl FnOnce(Ready) -> R + Send + 'static) -> Result<u32, DaemonError> {
    let panic = shared_text()?;
    let (hears, tells) =
        pipe_with(PipeFlags::CLOEXEC).map_err(|errno| Error::plain("make a pipe to a daemon", errno))?;
    // A process that the daemon forks does not get a copy, which would keep the starter waiting when the daemon has ended.
    let tells = inherited::note(File::from(tells));
    let its = Arc::clone(&tells);
    let mut hears = Some(File::from(hears));
    let others = &mut hears;
    let leave_group = move || {
        drop(others.take());
        setsid().map(drop)
    };
    let work = move |()| work(&tells, &panic, || closure(Ready(its)));
    let pid = fork_twice(&SignalSet::EMPTY, Ends::Captured, leave_group, leave_everything, work)?;
    hears.map_or(Ok(pid), |hears| await_ready(hears).map(|()| pid))
}

/// In the daemon: leaves what its starter has.
fn leave_everything() -> SystemResult<()> {
    chdir("/")?;
    umask(Mode::from_raw_mode(0o022));
    let null = OpenOptions::new().read(true).write(true).open("/dev/null");
    let null = null.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)
}

/// In the daemon: does its work, and tells how that has failed, in case that somebody still listens.
fn work<R: Report>(mut tells: &File, panic: &SharedText, closure: impl FnOnce() -> R) -> u8 {
    let (status, error) = match attempt(panic, closure) {
        Ok(0) => return 0,
        Ok(status) => (status, format!("exited with status {status}")),
        Err(Failure::Error(error)) => (1, error),
        Err(Failure::Panic) => (PANICKED, format!("panicked: {}", panic.read().unwrap_or_default())),
    };
    let _ = tells.write_all(&[&[FAILED], error.as_bytes()].concat());
    status
}

fn await_ready(mut hears: File) -> Result<(), DaemonError> {
    let mut kind = [0];
    if hears.read_exact(&mut kind).is_ok() && kind == [READY] {
        return Ok(());
    }
    let mut error = Vec::new();
    let _ = hears.read_to_end(&mut error);
    Err(DaemonError::Failed(String::from_utf8_lossy(&error).into_owned()))
}

impl fmt::Display for DaemonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => error.fmt(f),
            Self::Failed(error) if error.is_empty() => f.write_str("the daemon has ended before it was ready"),
            Self::Failed(error) => write!(f, "the daemon has failed before it was ready: {error}"),
        }
    }
}

// The line says all, so there is no source that a caller would print a second time.
impl core::error::Error for DaemonError {}

impl From<SpawnError> for DaemonError {
    fn from(error: SpawnError) -> Self {
        Self::NotStarted(error)
    }
}

impl From<Error> for DaemonError {
    fn from(error: Error) -> Self {
        Self::NotStarted(error.into())
    }
}
