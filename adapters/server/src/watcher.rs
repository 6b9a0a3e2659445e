//! The pollers that a worker may have.

use std::os::fd::BorrowedFd;

use wirenut::readiness::{Interest, LevelTriggered, Poller, Token};
use wirenut_linux::Error;
use wirenut_linux::poller::{Epoll, Poll, Select};

/// How a thread or process waits for many connections at once.
///
/// All of them serve alike; they differ in what a wait costs: see [`wirenut_linux::poller`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum PollerKind {
    /// epoll(7): a wait costs what those that are ready cost. Of several workers that wait for one listening socket, not all
    /// are woken for a connection (EPOLLEXCLUSIVE).
    #[default]
    Epoll,
    /// poll(2): a wait costs all connections. A connection wakes all workers that wait for the listening socket, and one of
    /// them gets it.
    Poll,
    /// select(2): a wait costs all descriptors up to the largest one. It watches those below 1,024 only: so there are about a
    /// thousand connections at most, and the others wait to be accepted. It does not tell that a peer has gone while nothing
    /// is read from it: an exchange that waits learns of that when it writes. It wakes as [`Self::Poll`] does.
    Select,
}

impl PollerKind {
    /// Its name, as the `wirenut` command takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::Poll => "poll",
            Self::Select => "select",
        }
    }
}

/// Any poller of descriptors that tells again what is still ready: a turn does not empty a socket.
pub(crate) trait Watcher: LevelTriggered + for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error> {
    /// Descriptors from this one on cannot be watched.
    const END: Option<u64> = None;

    /// Tells when somebody has come, and as far as it can wakes no other worker for that.
    fn watch_listener(&mut self, listener: BorrowedFd<'_>, token: Token) -> Result<(), Error> {
        self.register(listener, token, Interest::READABLE)
    }

    /// A socket is about to be closed, of which nobody has a duplicate.
    fn forget(&mut self, socket: BorrowedFd<'_>, token: Token) {
        // It fails only if the socket was never watched.
        let _ = self.deregister(socket, token);
    }
}

impl Watcher for Epoll {
    fn watch_listener(&mut self, listener: BorrowedFd<'_>, token: Token) -> Result<(), Error> {
        self.register_shared(listener, token)
    }

    #[inline]
    fn forget(&mut self, _: BorrowedFd<'_>, _: Token) {
        // Closing does it, without a system call.
    }
}

impl Watcher for Poll {}

impl Watcher for Select {
    const END: Option<u64> = Some(1_024);
}
