//! Something that a poller watches.

use std::os::fd::{AsFd, BorrowedFd};

use wirenut_linux::Error;
use wirenut_linux::poller::{Interest, LevelTriggered, Poller, Token};

/// Any poller of descriptors that tells again what is still ready: a turn does not empty a source.
pub(super) trait Watcher: LevelTriggered + for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error> {}

impl<P: LevelTriggered + for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error>> Watcher for P {}

/// A source, and what is to be told of it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    pub(super) source: S,
    token: Token,
    interest: Interest,
}

impl<S: AsFd> Watched<S> {
    /// It is told when it can be read.
    pub(super) fn new(source: S, token: Token, poller: &mut impl Watcher) -> Result<Self, Error> {
        let interest = Interest::READABLE;
        poller.register(source.as_fd(), token, interest)?;
        Ok(Self { source, token, interest })
    }

    pub(super) fn set_interest(&mut self, interest: Interest, poller: &mut impl Watcher) -> Result<(), Error> {
        if interest != self.interest {
            poller.modify(self.source.as_fd(), self.token, interest)?;
            self.interest = interest;
        }
        Ok(())
    }

    /// Closes it. No event of it is left, so its token may name another.
    pub(super) fn close(self, poller: &mut impl Watcher) -> Result<(), Error> {
        poller.deregister(self.source.as_fd(), self.token)
    }
}
