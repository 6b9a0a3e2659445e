//! The listening socket.

use std::os::fd::AsFd;

use wirenut::readiness::Token;
use wirenut_linux::Error;
use wirenut_linux::socket::{AnyByteStream, AnyListener, Attempt, Mode};

use crate::watcher::Watcher;

/// Why nobody was accepted.
pub(crate) enum AcceptFailure {
    /// None waits.
    NoneWaiting,
    /// This one was lost before it was accepted: try the next one.
    Lost,
    /// The system has run out of something.
    OutOfResources(Error),
}

/// Takes connections from the listening socket, which other workers may take some from, too.
pub(crate) struct Acceptor {
    listener: AnyListener,
    token: Token,
    is_watched: bool,
}

impl Acceptor {
    /// The listener must not block.
    pub(crate) fn new(listener: AnyListener, poller: &mut impl Watcher, token: Token) -> Result<Self, Error> {
        poller.watch_listener(listener.as_fd(), token)?;
        Ok(Self { listener, token, is_watched: true })
    }

    pub(crate) fn accept(&self) -> Result<AnyByteStream, AcceptFailure> {
        match self.listener.accept(Mode::NonBlocking) {
            Ok(Attempt::Done((stream, _))) => Ok(stream),
            Ok(Attempt::WouldBlock) => Err(AcceptFailure::NoneWaiting),
            Err(error) if error.is_out_of_resources() => Err(AcceptFailure::OutOfResources(error)),
            Err(_) => Err(AcceptFailure::Lost),
        }
    }

    /// Leaves connections in the queue of the system until [`Self::resume`].
    pub(crate) fn pause(&mut self, poller: &mut impl Watcher) -> Result<(), Error> {
        self.watch(poller, false)
    }

    /// There is room again.
    pub(crate) fn resume(&mut self, poller: &mut impl Watcher) -> Result<(), Error> {
        self.watch(poller, true)
    }

    fn watch(&mut self, poller: &mut impl Watcher, is_watched: bool) -> Result<(), Error> {
        if self.is_watched != is_watched {
            if is_watched {
                poller.watch_listener(self.listener.as_fd(), self.token)?;
            } else {
                poller.deregister(self.listener.as_fd(), self.token)?;
            }
            self.is_watched = is_watched;
        }
        Ok(())
    }

    /// Are connections left in the queue?
    pub(crate) const fn is_paused(&self) -> bool {
        !self.is_watched
    }

    /// Does somebody wait?
    pub(crate) fn has_waiting(&self) -> bool {
        self.listener.has_waiting().unwrap_or(false)
    }

    pub(crate) const fn listener(&self) -> &AnyListener {
        &self.listener
    }
}
