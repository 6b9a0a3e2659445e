//! Parent, process group, session and nice value of processes that there are.

use rustix::io::{Errno, Result as SystemResult};
use rustix::process::{Pid, getppid, getpriority_process, setpgid, setpriority_process, setsid};

use super::apply::pid;
use crate::error::Error;
use crate::sys::ids;

/// The process id of this process's parent: getppid(2). 0, where the parent is in another process namespace.
///
/// ```
/// use wirenut_linux::process::{self, Ended};
/// let ours = std::process::id();
/// let child = process::spawn(move || u8::from(process::parent() == ours))?;
/// assert_eq!(child.join()?, Ended::Exited(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn parent() -> u32 {
    getppid().map_or(0, number)
}

/// The process group of a process: getpgid(2). 0 for a thread of the kernel.
///
/// ```
/// use wirenut_linux::process::{Group, Process, group_of};
/// let child = Process::new().group(Group::New).spawn(|| loop { std::thread::park() })?;
/// assert_eq!(group_of(child.pid())?, child.pid());
/// child.kill()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such process.
pub fn group_of(process: u32) -> Result<u32, Error> {
    ask("tell the group of process", process, ids::group_of)
}

/// The session of a process: getsid(2). 0 for a thread of the kernel.
///
/// ```
/// use wirenut_linux::process::{Process, session_of};
/// let child = Process::new().session().spawn(|| loop { std::thread::park() })?;
/// assert_eq!(session_of(child.pid())?, child.pid());
/// child.kill()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such process.
pub fn session_of(process: u32) -> Result<u32, Error> {
    ask("tell the session of process", process, ids::session_of)
}

/// The nice value of a process, between -20 and 19: getpriority(2). The higher it is, the sooner it gives way to others.
///
/// ```
/// use wirenut_linux::process::{nice_value, set_nice_value};
/// let this = std::process::id();
/// let before = nice_value(this)?;
/// set_nice_value(this, before.saturating_add(1))?;
/// assert_eq!(nice_value(this)?, before.saturating_add(1).min(19));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// There is no such process.
pub fn nice_value(process: u32) -> Result<i32, Error> {
    ask("tell the nice value of process", process, |pid| getpriority_process(Some(pid)))
}

/// Sets the nice value of all threads that a process begins from now on, and of its first one; values beyond the system's
/// are cut: setpriority(2). To lower it needs a permission.
///
/// # Errors
/// There is no such process, or it is another user's; `PermissionDenied`: the value is lower than before.
pub fn set_nice_value(process: u32, value: i32) -> Result<(), Error> {
    ask("set the nice value of process", process, |pid| setpriority_process(Some(pid), value.clamp(-20, 19)))
}

/// Moves a process, this one or a child of it, to a process group of its session, which is a new one if `group` is the
/// process's own id: setpgid(2).
///
/// ```
/// use wirenut_linux::process::{self, group_of, move_to_group};
/// let child = process::spawn(|| loop { std::thread::park() })?;
/// move_to_group(child.pid(), child.pid())?;
/// assert_eq!(group_of(child.pid())?, child.pid());
/// child.kill()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such process or group in this session, or the process leads a session or has executed another program.
pub fn move_to_group(process: u32, group: u32) -> Result<(), Error> {
    ask("move to another group process", process, |moved| setpgid(Some(moved), Some(pid(group)?)))
}

/// Makes this process the leader of a new session, with a new group and without a terminal: setsid(2). Returns its id, which
/// is the process's.
///
/// ```
/// use wirenut_linux::process::{self, Ended, lead_session};
/// let child = process::spawn(|| u8::from(lead_session().is_ok_and(|session| session == std::process::id())))?;
/// assert_eq!(child.join()?, Ended::Exited(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// It leads a process group, as a program does that a shell has started.
pub fn lead_session() -> Result<u32, Error> {
    setsid().map(number).map_err(|errno| Error::plain("begin a session", errno))
}

fn ask<T>(operation: &'static str, process: u32, call: impl FnOnce(Pid) -> SystemResult<T>) -> Result<T, Error> {
    // No process has 0, which stands for this one in these calls.
    let process_id = pid(process).map_err(|_| Errno::SRCH);
    process_id.and_then(call).map_err(|errno| Error::of(operation, &process, errno))
}

fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().cast_unsigned()
}
