//! Children whose handle was dropped while they ran: they are reaped later, so that they do not stay as zombies.

use core::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{WaitId, WaitIdOptions, waitid};

static DROPPED: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());

/// Reaps those children that have ended and whose [`Child`](super::Child) was dropped before, and returns how many it were.
/// It never waits. Each [`spawn`](super::spawn) does so, too; a program that spawns none for long may call this from time to
/// time, or when SIGCHLD comes.
///
/// Only these are reaped: no child that somebody else in this process waits for.
///
/// ```
/// use wirenut_linux::poller::{Interest, Poll, Poller, Token};
/// use wirenut_linux::process;
/// # use std::io::{Read, Write};
/// use std::os::fd::AsFd;
/// let (mut alarm, bed) = std::os::unix::net::UnixStream::pair()?;
/// let child = process::spawn(move || drop((&bed).read(&mut [0])))?;
/// let pidfd = child.as_fd().try_clone_to_owned()?;
/// drop(child); // it runs, so it is remembered
/// assert_eq!(process::reap_dropped(), 0);
/// alarm.write_all(b"!")?;
/// let mut poller = Poll::new();
/// poller.register(pidfd.as_fd(), Token(0), Interest::READABLE)?;
/// let _ = poller.wait(None)?;
/// assert_eq!(process::reap_dropped(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reap_dropped() -> usize {
    let mut dropped = DROPPED.lock().unwrap_or_else(PoisonError::into_inner);
    let before = dropped.len();
    if before == 0 {
        return 0;
    }
    // One call tells which of them have ended.
    let mut watched: Vec<PollFd<'_>> = dropped.iter().map(|child| PollFd::new(child, PollFlags::IN)).collect();
    let found = retry_on_intr(|| poll(&mut watched, Some(&Timespec::default()))).unwrap_or(0);
    let mut ended = watched.iter().map(|child| !child.revents().is_empty()).collect::<Vec<_>>().into_iter();
    if found > 0 {
        dropped.retain(|child| !(ended.next().unwrap_or(false) && reap(child)));
    }
    before - dropped.len()
}

/// Reaps the child now, if it has ended, or later.
pub(super) fn remember(child: OwnedFd) {
    if !reap(&child) {
        DROPPED.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    }
}

/// In a process that was just forked: they are another process's.
pub(super) fn forget() {
    drop(mem::take(&mut *DROPPED.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Is it gone? So it is, too, where it is no child of ours, or one that somebody else has reaped.
fn reap(child: &OwnedFd) -> bool {
    !matches!(waitid(WaitId::PidFd(child.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG), Ok(None))
}
