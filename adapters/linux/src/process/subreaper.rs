//! A process that adopts the orphans among its descendants, as init(1) does: `PR_SET_CHILD_SUBREAPER` of prctl(2).
//!
//! It is a process of its own, and does nothing else. The system does not tell an orphan that it gives to a process from a
//! child that the process has made: who adopts and also runs `std::process::Command` cannot know which of them somebody
//! waits for. This process has made one child, so all others are orphans.

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Resource, Rlimit, WaitOptions, WaitStatus, getpid, set_child_subreaper, setrlimit, wait};

use super::apply::end_with;
use super::confirmation::Teller;
use super::fork::fork;
use super::inherited::Ends;
use super::settings::Process;
use crate::signal::{self, Info, Signal, SignalSet};
use crate::sys::fork::PANICKED;

/// Runs the work in a child, and reaps whatever this process is given. Returns the work's status when no child is left.
/// All signals are blocked.
pub(super) fn adopt(process: &Process, teller: Option<Teller>, work: impl FnOnce() -> u8) -> u8 {
    let parent = getpid();
    let mut teller = teller;
    let its_teller = &mut teller;
    let begun = set_child_subreaper(Some(parent)).and_then(|()| {
        let forked = fork(&process.blocked, Ends::All, || {
            drop(its_teller.take());
            // The work is of no use without the one who waits for it.
            if end_with(parent).is_err() { PANICKED } else { work() }
        });
        forked.map_err(|error| error.errno())
    });
    match begun {
        Ok(worker) => {
            drop(teller);
            end_as(attend(worker))
        }
        Err(errno) => {
            teller.into_iter().for_each(|teller| teller.tell(Err(errno)));
            PANICKED
        }
    }
}

/// Reaps and hands on signals until no child is left. How the worker has ended, if that was seen.
fn attend(worker: Pid) -> Option<WaitStatus> {
    let mut ended = None;
    loop {
        loop {
            match retry_on_intr(|| wait(WaitOptions::NOHANG)) {
                Ok(Some((child, status))) if child == worker => ended = Some(status),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return ended,
            }
        }
        if let Ok(Some(info)) = signal::wait(&SignalSet::full(), None).map(crate::socket::Attempt::done) {
            hand_on(&info, worker, ended.is_some());
        }
    }
}

/// What was sent to this process is meant for the worker, or for this one when that has ended. What the terminal sends it
/// sends to the whole group, so the worker has it already.
fn hand_on(info: &Info, worker: Pid, has_ended: bool) {
    if info.signal() == Signal::SIGCHLD || info.sender().is_none() {
        return;
    }
    if !has_ended {
        let _ = signal::send(info.signal(), worker.as_raw_nonzero().get().cast_unsigned());
    } else {
        die_by(info.signal());
    }
}

/// The worker's status, or its death.
fn end_as(ended: Option<WaitStatus>) -> u8 {
    let Some(ended) = ended else { return PANICKED };
    if let Some(signal) = ended.terminating_signal().and_then(Signal::from_number) {
        die_by(signal);
    }
    ended.exit_status().and_then(|status| u8::try_from(status).ok()).unwrap_or(PANICKED)
}

/// Ends this process by the signal, if that ends processes, and leaves no second core dump.
fn die_by(signal: Signal) {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // Rust's runtime handles some, and ignores one.
    let _ = signal::set_default(signal);
    let _ = signal::raise(signal);
    drop(signal::unblock(&signal.into()));
}
