//! epoll(7): a set of descriptors that the kernel keeps, and tells of those that are ready.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Result;
use wirenut::time::Duration;

use super::socket::last_error;

/// What the kernel reads and writes: flags, and the caller's number.
pub(crate) use libc::epoll_event as Entry;

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Epoll {
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: the call takes no pointer.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if descriptor < 0 {
            return Err(last_error());
        }
        // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    pub(crate) fn add(&self, watched: BorrowedFd<'_>, entry: Entry) -> Result<()> {
        self.control(libc::EPOLL_CTL_ADD, watched, entry)
    }

    pub(crate) fn modify(&self, watched: BorrowedFd<'_>, entry: Entry) -> Result<()> {
        self.control(libc::EPOLL_CTL_MOD, watched, entry)
    }

    pub(crate) fn delete(&self, watched: BorrowedFd<'_>) -> Result<()> {
        self.control(libc::EPOLL_CTL_DEL, watched, Entry { events: 0, u64: 0 })
    }

    fn control(&self, operation: libc::c_int, watched: BorrowedFd<'_>, mut entry: Entry) -> Result<()> {
        // SAFETY: both descriptors are open, and the kernel only reads the entry, which outlives the call.
        let done = unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, watched.as_raw_fd(), &raw mut entry) };
        if done < 0 { Err(last_error()) } else { Ok(()) }
    }

    /// Waits until something is ready, for at most `limit` (rounded up to milliseconds; 24 days at most), and writes it to
    /// the beginning of `room`: so many.
    pub(crate) fn wait(&self, room: &mut [Entry], limit: Option<Duration>) -> Result<usize> {
        let milliseconds = limit
            .map_or(-1, |limit| libc::c_int::try_from(limit.as_micros().div_ceil(1_000)).unwrap_or(libc::c_int::MAX));
        let most = libc::c_int::try_from(room.len()).unwrap_or(libc::c_int::MAX);
        // SAFETY: the descriptor is open, and the kernel writes at most `most` events to `room`, which has so many.
        let found = unsafe { libc::epoll_wait(self.0.as_raw_fd(), room.as_mut_ptr(), most, milliseconds) };
        usize::try_from(found).map_err(|_| last_error())
    }
}
