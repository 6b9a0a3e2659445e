//! The listening socket.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

use wirenut::readiness::{Poller, Token};
use wirenut::time::{Duration, Instant};

use crate::error::Error;
use crate::poller::Epoll;
use crate::sys::socket;

/// How long to wait where the system has no descriptor or no memory for a connection, if none is closed before.
const PAUSE: Duration = Duration::from_millis(100);

/// What came of [`Acceptor::accept`].
pub(crate) enum Accepted {
    /// A connection.
    Stream(TcpStream),
    /// None waits.
    Nobody,
    /// This one was lost before it was accepted: try the next one.
    Lost,
    /// The system has run out of something, and the acceptor pauses.
    OutOf(io::Error),
}

/// Takes connections from the listening socket, which other workers may take some from, too.
pub(crate) struct Acceptor {
    listener: TcpListener,
    token: Token,
    is_watched: bool,
    /// Until when the system is out of descriptors, as far as we know.
    paused_until: Option<Instant>,
}

impl Acceptor {
    /// The listener must not block.
    pub(crate) fn new(listener: TcpListener, poller: &mut Epoll, token: Token) -> Result<Self, Error> {
        poller.register_shared(listener.as_fd(), token)?;
        Ok(Self { listener, token, is_watched: true, paused_until: None })
    }

    pub(crate) fn accept(&mut self, now: Instant) -> Accepted {
        match socket::accept(&self.listener) {
            Ok(stream) => Accepted::Stream(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Accepted::Nobody,
            Err(error) if is_out_of_something(&error) => {
                self.paused_until = Some(now.saturating_add(PAUSE));
                Accepted::OutOf(error)
            }
            // Errors of the network come out of accept(2), too: they are the connection's, not the listener's.
            Err(_) => Accepted::Lost,
        }
    }

    /// Leaves connections in the queue of the system until [`Self::resume`].
    pub(crate) fn pause(&mut self, poller: &mut Epoll) -> Result<(), Error> {
        self.watch(poller, false)
    }

    /// There is room again.
    pub(crate) fn resume(&mut self, poller: &mut Epoll) -> Result<(), Error> {
        self.paused_until = None;
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

    /// Has the pause since the system ran out of something lasted for long enough?
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| until <= now)
    }

    /// When [`Self::is_due`] will be so.
    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.paused_until
    }
}

fn is_out_of_something(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
