//! What a request waits with: a poller for the thread that blocks, or one that is itself a descriptor for another poller.

use core::mem;
use std::os::fd::BorrowedFd;

use wirenut::time::Instant;
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::{Epoll, Interest, Poll, Poller, Token};

use crate::error::Cause;

/// Nobody asks which source is ready: a request tries whatever it may do next.
const ANY: Token = Token(0);

/// Watches whatever a request waits for.
pub(crate) trait Watcher {
    fn register(&mut self, source: BorrowedFd<'_>, interest: Interest) -> Result<(), Cause>;

    fn modify(&mut self, source: BorrowedFd<'_>, interest: Interest) -> Result<(), Cause>;

    /// Watches it no more, if it did. To be called before it is closed.
    fn deregister(&mut self, source: BorrowedFd<'_>);

    /// Takes the memory of one that watches nothing, while this one watches nothing.
    fn exchange_memory(&mut self, spare: &mut Poll);
}

impl<P> Watcher for P
where
    P: for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = wirenut_linux::Error> + Exchange,
{
    fn register(&mut self, source: BorrowedFd<'_>, interest: Interest) -> Result<(), Cause> {
        Ok(Poller::register(self, source, ANY, interest)?)
    }

    fn modify(&mut self, source: BorrowedFd<'_>, interest: Interest) -> Result<(), Cause> {
        Ok(Poller::modify(self, source, ANY, interest)?)
    }

    fn deregister(&mut self, source: BorrowedFd<'_>) {
        // It fails only for a source that is not registered.
        let _ = Poller::deregister(self, source, ANY);
    }

    fn exchange_memory(&mut self, spare: &mut Poll) {
        self.exchange(spare);
    }
}

/// A poller that may have use for another one's memory.
trait Exchange {
    /// As [`Watcher::exchange_memory`].
    fn exchange(&mut self, spare: &mut Poll);
}

/// For a thread that blocks.
impl Exchange for Poll {
    fn exchange(&mut self, spare: &mut Poll) {
        mem::swap(self, spare);
    }
}

/// Readable itself while one of its sources is ready. Its memory is the kernel's.
impl Exchange for Epoll {
    fn exchange(&mut self, _: &mut Poll) {}
}

/// What the reader of a response waits with.
pub(crate) enum Waiter {
    Poll(Poll),
    Epoll(Box<Epoll>),
}

impl Waiter {
    pub(crate) fn watcher(&mut self) -> &mut dyn Watcher {
        match self {
            Self::Poll(poll) => poll,
            Self::Epoll(epoll) => &mut **epoll,
        }
    }

    /// Blocks until a source is ready, or until that time.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> Result<(), Cause> {
        match self {
            Self::Poll(poll) => wait(poll, until),
            Self::Epoll(epoll) => wait(&mut **epoll, until),
        }
    }
}

/// Blocks until a source is ready, or until that time.
pub(crate) fn wait(
    poller: &mut impl Poller<Error = wirenut_linux::Error>,
    until: Option<Instant>,
) -> Result<(), Cause> {
    poller.wait_until(until, monotonic_time)?;
    while poller.next_event().is_some() {}
    Ok(())
}
