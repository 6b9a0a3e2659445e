//! How a child begins.

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpid, kill_process, pidfd_open, waitid};

use super::child::Child;
use super::confirmation::{self, Teller};
use super::dropped;
use super::fork::fork;
use super::gate::Gate;
use super::report::Report;
use super::run::run;
use super::settings::Process;
use super::spawn_error::SpawnError;
use super::subreaper;
use crate::error::Error;
use crate::signal::SignalSet;
use crate::sys::fork::PANICKED;
use crate::sys::page::SharedText;

pub(super) fn start<R: Report>(process: &Process, closure: impl FnOnce() -> R) -> Result<Child, SpawnError> {
    dropped::reap_dropped();
    let panic = shared_text()?;
    // Takes the place of the child's descriptor: if none is left, that is known before there is a child.
    let place = pidfd_open(getpid(), PidfdFlags::empty()).map_err(no_descriptor)?;
    let (mut listener, teller) = if process.may_fail() { confirmation::channel().map(unzip)? } else { (None, None) };
    let mut gate = Gate::new()?;
    let (parent, message, its_gate, its_listener) = (getpid(), &panic, &mut gate, &mut listener);
    let pid = fork(&process.blocked_at_first(), process.ends, move || {
        drop((place, its_listener.take()));
        its_gate.pass();
        begin(process, parent, teller, message, closure)
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
    drop(gate);
    if let Some(Err(errno)) = listener.map(confirmation::Listener::hear) {
        reap(pid);
        return Err(not_set_up(errno).into());
    }
    Ok(Child::new(pidfd, pid, &process.name, process.is_daemon, panic))
}

fn unzip<T, U>((one, other): (T, U)) -> (Option<T>, Option<U>) {
    (Some(one), Some(other))
}

/// In the child: makes it what it is to be, and then does its work.
fn begin<R: Report>(
    process: &Process,
    parent: Pid,
    teller: Option<Teller>,
    panic: &SharedText,
    closure: impl FnOnce() -> R,
) -> u8 {
    if let Err(errno) = process.apply(parent) {
        teller.into_iter().for_each(|teller| teller.tell(Err(errno)));
        return PANICKED;
    }
    if process.is_subreaper {
        return subreaper::adopt(process, teller, || run(&process.name, panic, closure));
    }
    // The parent goes on when all copies of it are closed.
    drop(teller);
    run(&process.name, panic, closure)
}

impl Process {
    /// A process that adopts takes all signals by waiting for them.
    fn blocked_at_first(&self) -> SignalSet {
        if self.is_subreaper { SignalSet::full() } else { self.blocked }
    }
}

pub(super) fn shared_text() -> Result<SharedText, Error> {
    SharedText::new().map_err(|errno| Error::plain("share memory with a child", errno))
}

fn no_descriptor(errno: Errno) -> Error {
    Error::plain("make a descriptor for a child", errno)
}

pub(super) fn not_set_up(errno: Errno) -> Error {
    Error::plain("set up a child (its group, its nice value, or the process that it forks)", errno)
}

/// Waits for a child that nobody else knows of.
pub(super) fn reap(pid: Pid) {
    while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED), Err(Errno::INTR)) {}
}
