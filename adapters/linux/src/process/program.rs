//! Other programs in children, with sockets that they find as systemd's services find theirs.

use alloc::ffi::CString;
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, getpid, kill_process, pidfd_open};

use super::child::Child;
use super::dropped;
use super::start::{reap, shared_text};
use crate::error::Error;
use crate::socket::FIRST_PASSED;
use crate::sys::execute::{Variable, execute};

/// Variables that say to one process only what was passed to it.
const OF_ONE_PROCESS: [&str; 3] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

/// Names whose values are the id of the process that they are for. That of another one says that they are not.
const WATCHDOG: &str = "WATCHDOG_PID";

/// A program and its arguments, to be [started](Self::spawn_with_descriptors) in a child.
///
/// What the standard library's `Command` does well is its affair: this one passes descriptors.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    /// With the name by which it is called as the first of them.
    arguments: Vec<OsString>,
}

impl Program {
    /// The program at this path, without arguments.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), arguments: vec![path.as_ref().into()] }
    }

    /// One more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// The program that this process runs, with the arguments that it was started with; to be asked while it starts.
    ///
    /// Its path is the one by which it was called, where that has a slash and leads to it, since a symbolic link may lead to
    /// another version later. Otherwise it is the path that the system knows. Where the system does not tell, as without /proc
    /// in an empty root directory, the path by which it was called is believed.
    ///
    /// ```
    /// let program = wirenut_linux::process::Program::this()?;
    /// assert!(program.path().is_absolute());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// The system does not tell, and the program was called by a name without a slash.
    pub fn this() -> Result<Self, Error> {
        let failed = |error| Error::new("find the program of this process", error);
        let arguments: Vec<OsString> = env::args_os().collect();
        // Without a slash it is a name that somebody else has searched for.
        let has_slash = |path: &PathBuf| path.as_os_str().as_bytes().contains(&b'/');
        let called = arguments.first().map(PathBuf::from).filter(has_slash);
        let path = match (env::current_exe(), called) {
            (Ok(real), Some(called)) => {
                if is_same(&called, &real).unwrap_or(false) {
                    called
                } else {
                    real
                }
            }
            (Ok(path), None) | (Err(_), Some(path)) => path,
            (Err(error), None) => return Err(failed(error)),
        };
        Ok(Self { path: std::path::absolute(path).map_err(failed)?, arguments })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts the program that is now at its path in a child of this process, and passes descriptors to it, each with a
    /// name: the program finds them by [`inherited`](crate::socket::inherited), as any service of systemd does. It returns once
    /// the program has begun.
    ///
    /// Descriptors get the numbers from 3 on, in their order. A name may have any characters but controls and `:`; other than
    /// ASCII is not for systemd's own programs. The program has the environment of this process, but for `LISTEN_PID`,
    /// `LISTEN_FDS` and `LISTEN_FDNAMES`; and `WATCHDOG_PID`, where that named this process, names the child. Descriptors that
    /// are not closed on exec(2) it has, too. No signal is blocked in it, and those alone are ignored that this process ignores,
    /// but for SIGCHLD.
    ///
    /// This process may have any number of threads.
    ///
    /// ```
    /// use wirenut_linux::process::{Ended, Program};
    /// use std::os::fd::AsFd;
    /// let (mut reader, writer) = std::io::pipe()?;
    /// let script = r#"echo "$LISTEN_FDS $LISTEN_FDNAMES" >&3; test "$LISTEN_PID" = $$"#;
    /// let child = Program::new("/bin/sh").argument("-c").argument(script).spawn_with_descriptors(&[("out", writer.as_fd())])?;
    /// assert_eq!(child.join()?, Ended::Exited(0));
    /// drop(writer);
    /// assert_eq!(std::io::read_to_string(&mut reader)?, "1 out\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`: of the program. A name has a control character or a colon (`InvalidInput`). The system
    /// has too many processes, or no memory or descriptors left. There is no child then.
    pub fn spawn_with_descriptors(&self, descriptors: &[(&str, BorrowedFd<'_>)]) -> Result<Child, Error> {
        dropped::reap_dropped();
        let failed = |errno| Error::of("execute", &self.path.display(), errno);
        let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(|_| failed(Errno::INVAL));
        let program = text(self.path.as_os_str())?;
        let arguments = self.arguments.iter().map(|argument| text(argument)).collect::<Result<Vec<_>, _>>()?;
        let environment = environment(descriptors.iter().map(|(name, _)| *name))?;
        let passed: Vec<BorrowedFd<'_>> = descriptors.iter().map(|(_, descriptor)| *descriptor).collect();
        let panic = shared_text()?;
        // Takes the place of the child's descriptor: if none is left, that is known before there is a child.
        let no_descriptor = |errno| Error::plain("make a descriptor for a child", errno);
        let place = pidfd_open(getpid(), PidfdFlags::empty()).map_err(no_descriptor)?;
        let pid = execute(&program, &arguments, environment, FIRST_PASSED, &passed).map_err(failed)?;
        drop(place);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Child::new(pidfd, pid, &self.path.to_string_lossy(), false, panic)),
            Err(errno) => {
                // Its number is its own until it is reaped.
                let _ = kill_process(pid, Signal::KILL);
                reap(pid);
                Err(no_descriptor(errno))
            }
        }
    }
}

/// Whether both paths lead to one file.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let identity = |path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
    Ok(identity(one)? == identity(other)?)
}

/// The environment of a process to which descriptors of these names are passed.
fn environment<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<Vec<Variable>, Error> {
    let is_bad = |name: &&str| name.contains(|sign: char| sign == ':' || sign.is_control());
    if let Some(bad) = names.clone().find(is_bad) {
        return Err(Error::of("pass a descriptor by the name", &bad, Errno::INVAL));
    }
    let fixed = |name: &OsStr, value: &OsStr| {
        // The system's own entries end with a zero byte and have no other one.
        CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok().map(Variable::Fixed)
    };
    let process_id = |name: &str| Variable::ProcessId(format!("{name}=").into_bytes());
    let own_id = std::process::id().to_string();
    let mut entries: Vec<Variable> = env::vars_os()
        .filter(|(name, _)| !OF_ONE_PROCESS.iter().any(|one| name == one))
        .filter_map(|(name, value)| {
            if name == WATCHDOG && value == *own_id { Some(process_id(WATCHDOG)) } else { fixed(&name, &value) }
        })
        .collect();
    let count = RawFd::try_from(names.clone().count()).unwrap_or(RawFd::MAX);
    if count > 0 {
        let names = names.collect::<Vec<_>>().join(":");
        entries.push(process_id("LISTEN_PID"));
        entries.extend(fixed("LISTEN_FDS".as_ref(), count.to_string().as_ref()));
        entries.extend(fixed("LISTEN_FDNAMES".as_ref(), names.as_ref()));
    }
    Ok(entries)
}
