//! The system calls that the standard library lacks, and all the unsafe code: epoll, and a
//! listening queue longer than the standard library asks for.

use std::io::{Error, ErrorKind, Result};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// How many ready descriptors one call may tell of; nginx takes as many.
const MAX_EVENTS: usize = 512;

/// A level-triggered epoll instance; each descriptor is its own token.
pub(crate) struct Epoll(OwnedFd);

/// Room for what [`Epoll::wait`] finds.
pub(crate) struct Events([libc::epoll_event; MAX_EVENTS]);

impl Events {
    pub(crate) fn new() -> Self {
        Self([libc::epoll_event { events: 0, u64: 0 }; MAX_EVENTS])
    }
}

impl Epoll {
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: the call takes no pointer.
        let descriptor = checked(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    /// Watches until the descriptor is closed.
    pub(crate) fn watch_readable(&self, watched: &impl AsFd) -> Result<()> {
        let watched = watched.as_fd().as_raw_fd();
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: u64::from(watched.unsigned_abs()) };
        let epoll = self.0.as_raw_fd();
        // SAFETY: both descriptors are open, and the kernel only reads the event, which outlives the call.
        checked(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, watched, &raw mut event) })?;
        Ok(())
    }

    /// Waits without limit; gives the descriptors that can be read, none after a signal.
    pub(crate) fn wait<'e>(&self, events: &'e mut Events) -> Result<impl Iterator<Item = i32> + use<'e>> {
        let room = events.0.as_mut_ptr();
        // SAFETY: `room` is valid for MAX_EVENTS events, and the kernel writes no more than that.
        let found = unsafe { libc::epoll_wait(self.0.as_raw_fd(), room, MAX_EVENTS as i32, -1) };
        let found = match checked(found) {
            Ok(found) => found.unsigned_abs() as usize,
            // A debugger or a tracer that attaches interrupts the wait.
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        Ok(events.0[..found].iter().map(|event| event.u64 as i32))
    }
}

/// Listens again with the longest queue the system allows: a burst of hundreds of connections would
/// overflow the 128 of the standard library, and a lost SYN comes again only after a second.
pub(crate) fn widen_backlog(listener: &TcpListener) -> Result<()> {
    // SAFETY: the call takes no pointer, and the descriptor is open as long as the listener lives.
    checked(unsafe { libc::listen(listener.as_raw_fd(), i32::from(i16::MAX)) })?;
    Ok(())
}

fn checked(returned: i32) -> Result<i32> {
    if returned < 0 {
        return Err(Error::last_os_error());
    }
    Ok(returned)
}
