//! How a child begins and ends.

use core::any::Any;
use core::mem;
use core::panic::AssertUnwindSafe;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::panic::catch_unwind;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpid, kill_process, pidfd_open, waitid};

use super::child::Child;
use super::dropped;
use super::fork::fork;
use super::report::Report;
use super::settings::Process;
use super::spawn_error::SpawnError;
use crate::error::Error;
use crate::sys::fork::PANICKED;
use crate::sys::page::SharedText;

pub(super) fn start<R: Report>(
    process: &Process,
    closure: impl FnOnce() -> R + Send + 'static,
) -> Result<Child, SpawnError> {
    dropped::reap_dropped();
    let panic = SharedText::new().map_err(|errno| Error::plain("share memory with a child", errno))?;
    // Takes the place of the child's descriptor: if none is left, that is known before there is a child.
    let place = pidfd_open(getpid(), PidfdFlags::empty()).map_err(no_descriptor)?;
    let (told, tell) =
        if process.may_fail() { pipe().map(|(told, tell)| (Some(told), Some(tell)))? } else { (None, None) };
    let (parent, message) = (getpid(), &panic);
    let pid = fork(move || {
        drop(place);
        if let Err(errno) = process.apply(parent) {
            let _ = tell.map(|tell| File::from(tell).write_all(&errno.raw_os_error().to_ne_bytes()));
            return PANICKED;
        }
        // The parent goes on when all copies of it are closed.
        drop(tell);
        run(&process.name, message, closure)
    })?;
    let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(errno) => {
            // Its number is its own until it is reaped.
            let _ = kill_process(pid, Signal::KILL);
            reap(pid);
            return Err(no_descriptor(errno).into());
        }
    };
    if let Some(errno) = told.and_then(failure) {
        reap(pid);
        return Err(Error::plain("set the process group or nice value of a child", errno).into());
    }
    Ok(Child::new(pidfd, pid, &process.name, process.is_daemon, panic))
}

fn no_descriptor(errno: Errno) -> Error {
    Error::plain("make a descriptor for a child", errno)
}

/// The end to read from, and the one to write to.
fn pipe() -> Result<(OwnedFd, OwnedFd), Error> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|errno| Error::plain("make a pipe to a child", errno))
}

/// Waits until the child is as it is to be, and returns why it is not.
fn failure(told: OwnedFd) -> Option<Errno> {
    let mut number = [0; size_of::<i32>()];
    // It ends without a word if all went well, or if somebody has killed the child.
    File::from(told).read_exact(&mut number).ok()?;
    Some(Errno::from_raw_os_error(i32::from_ne_bytes(number)))
}

fn reap(pid: Pid) {
    while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED), Err(Errno::INTR)) {}
}

/// Runs the closure in the child, which is this process, and returns the child's status.
fn run<R: Report>(name: &str, panic: &SharedText, closure: impl FnOnce() -> R) -> u8 {
    match catch_unwind(AssertUnwindSafe(|| closure().report())) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            let pid = format!("process {}", std::process::id());
            // Not `eprintln!`, which panics where standard error is closed.
            let _ = writeln!(std::io::stderr(), "{}: {error}", if name.is_empty() { &pid } else { name });
            1
        }
        Err(payload) => {
            panic.write(text(payload.as_ref()));
            // It may panic when it is dropped.
            mem::forget(payload);
            PANICKED
        }
    }
}

/// The message of a panic, as `panic!` makes it.
fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}
