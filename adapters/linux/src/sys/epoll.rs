//! epoll(7): which descriptors can be read or written. Level-triggered: what is not dealt with is told again.

use core::time::Duration;
use std::io::{ErrorKind, Result};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use super::checked;

/// How many ready descriptors one wait may tell of.
const MOST_EVENTS: usize = 512;

/// What to be told of. Errors and hang-ups are told always.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Interest {
    /// Nothing else.
    Nothing,
    /// There is something to read, or the peer has ended its direction.
    Read,
    /// There is room to write.
    Write,
}

impl Interest {
    const fn events(self) -> u32 {
        (match self {
            Self::Nothing => 0,
            Self::Read => libc::EPOLLIN,
            Self::Write => libc::EPOLLOUT,
        })
        .cast_unsigned()
    }
}

/// What a descriptor is ready for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The number under which it was registered.
    pub(crate) token: u64,
    events: u32,
}

impl Event {
    pub(crate) const fn is_readable(self) -> bool {
        self.has(libc::EPOLLIN)
    }

    /// The connection has failed: nothing more comes or goes.
    pub(crate) const fn is_error(self) -> bool {
        self.has(libc::EPOLLERR)
    }

    /// Both directions have ended.
    pub(crate) const fn is_hang_up(self) -> bool {
        self.has(libc::EPOLLHUP)
    }

    const fn has(self, flag: libc::c_int) -> bool {
        self.events & flag.cast_unsigned() != 0
    }
}

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

/// What [`Epoll::wait`] found.
pub(crate) struct Events {
    room: Box<[libc::epoll_event]>,
    found: usize,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { room: vec![libc::epoll_event { events: 0, u64: 0 }; MOST_EVENTS].into_boxed_slice(), found: 0 }
    }

    /// The event of that number, if so many were found.
    pub(crate) fn get(&self, index: usize) -> Option<Event> {
        let event = self.room[..self.found].get(index)?;
        Some(Event { token: event.u64, events: event.events })
    }
}

impl Epoll {
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: the call takes no pointer.
        let descriptor = checked(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    /// Watches a descriptor until it is closed.
    pub(crate) fn register(&self, watched: &impl AsFd, token: u64, interest: Interest) -> Result<()> {
        self.control(libc::EPOLL_CTL_ADD, watched, token, interest.events())
    }

    /// Watches a descriptor that others watch, too, until it is [deregistered](Self::deregister): closing it is not enough
    /// then. Of those who sleep, not all are woken for one event.
    pub(crate) fn register_shared(&self, watched: &impl AsFd, token: u64) -> Result<()> {
        let events = Interest::Read.events() | libc::EPOLLEXCLUSIVE.cast_unsigned();
        self.control(libc::EPOLL_CTL_ADD, watched, token, events)
    }

    /// Watches it for something else.
    pub(crate) fn modify(&self, watched: &impl AsFd, token: u64, interest: Interest) -> Result<()> {
        self.control(libc::EPOLL_CTL_MOD, watched, token, interest.events())
    }

    /// Watches it no more.
    pub(crate) fn deregister(&self, watched: &impl AsFd) -> Result<()> {
        self.control(libc::EPOLL_CTL_DEL, watched, 0, 0)
    }

    fn control(&self, operation: libc::c_int, watched: &impl AsFd, token: u64, events: u32) -> Result<()> {
        let mut event = libc::epoll_event { events, u64: token };
        let (epoll, watched) = (self.0.as_raw_fd(), watched.as_fd().as_raw_fd());
        // SAFETY: both descriptors are open, and the kernel only reads the event, which outlives the call.
        checked(unsafe { libc::epoll_ctl(epoll, operation, watched, &raw mut event) })?;
        Ok(())
    }

    /// Waits until something is ready, for at most `limit` (rounded up to milliseconds, so that it is over afterwards),
    /// or until a signal came.
    pub(crate) fn wait(&self, events: &mut Events, limit: Option<Duration>) -> Result<()> {
        let milliseconds = limit.map_or(-1, |limit| {
            libc::c_int::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
        });
        let room = events.room.as_mut_ptr();
        let most = libc::c_int::try_from(MOST_EVENTS).unwrap_or(1);
        // SAFETY: `room` is valid for MOST_EVENTS events, and the kernel writes no more than `most`.
        let found = checked(unsafe { libc::epoll_wait(self.0.as_raw_fd(), room, most, milliseconds) });
        events.found = match found {
            Ok(found) => usize::try_from(found).unwrap_or(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        Ok(())
    }
}
