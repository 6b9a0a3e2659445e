//! The listening socket.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

use wirenut::readiness::{Poller, Token};

use crate::error::Error;
use crate::poller::Epoll;
use crate::sys::socket;

/// Why nobody was accepted.
pub(crate) enum Unaccepted {
    /// None waits.
    Nobody,
    /// This one was lost before it was accepted: try the next one.
    Lost,
    /// The system has run out of something.
    OutOf(io::Error),
}

/// Takes connections from the listening socket, which other workers may take some from, too.
pub(crate) struct Acceptor {
    listener: TcpListener,
    token: Token,
    is_watched: bool,
}

impl Acceptor {
    /// The listener must not block.
    pub(crate) fn new(listener: TcpListener, poller: &mut Epoll, token: Token) -> Result<Self, Error> {
        poller.register_shared(listener.as_fd(), token)?;
        Ok(Self { listener, token, is_watched: true })
    }

    pub(crate) fn accept(&self) -> Result<TcpStream, Unaccepted> {
        socket::accept(&self.listener).map_err(|error| match error {
            error if error.kind() == ErrorKind::WouldBlock => Unaccepted::Nobody,
            error if is_out_of_something(&error) => Unaccepted::OutOf(error),
            // Errors of the network come out of accept(2), too: they are the connection's, not the listener's.
            _ => Unaccepted::Lost,
        })
    }

    /// Leaves connections in the queue of the system until [`Self::resume`].
    pub(crate) fn pause(&mut self, poller: &mut Epoll) -> Result<(), Error> {
        self.watch(poller, false)
    }

    /// There is room again.
    pub(crate) fn resume(&mut self, poller: &mut Epoll) -> Result<(), Error> {
        self.watch(poller, true)
    }

    fn watch(&mut self, poller: &mut Epoll, is_watched: bool) -> Result<(), Error> {
        if self.is_watched != is_watched {
            if is_watched {
                poller.register_shared(self.listener.as_fd(), self.token)?;
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
        socket::has_waiting(&self.listener)
    }

    pub(crate) const fn listener(&self) -> &TcpListener {
        &self.listener
    }
}

fn is_out_of_something(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
