//! The listening socket, and connections that are turned away.

use alloc::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;

use wirenut::readiness::{Poller, Token};
use wirenut::time::{Duration, Instant};

use crate::error::Error;
use crate::poller::Epoll;
use crate::sys::socket;

/// How long to wait where the system has no descriptor or no memory for a connection, if none is closed before.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a connection that was refused stays open, so that what its peer still sends does not reset it before the
/// peer has read why.
const REFUSED_STAY: Duration = Duration::from_secs(1);

/// How many of those there are at most. The oldest one goes first.
const MOST_REFUSED: usize = 32;

const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

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
    refused: VecDeque<(TcpStream, Instant)>,
}

impl Acceptor {
    /// The listener must not block.
    pub(crate) fn new(listener: TcpListener, poller: &mut Epoll, token: Token) -> Result<Self, Error> {
        poller.register_shared(listener.as_fd(), token)?;
        Ok(Self { listener, token, is_watched: true, paused_until: None, refused: VecDeque::new() })
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

    /// Answers 503 and ends our direction, as far as that can be done at once.
    pub(crate) fn refuse(&mut self, mut stream: TcpStream, now: Instant) {
        discard(&mut stream);
        // A peer that is gone already has no use for it.
        let _ = stream.write(REFUSAL).and_then(|_| stream.shutdown(Shutdown::Write));
        if self.refused.len() == MOST_REFUSED {
            self.close_oldest();
        }
        self.refused.push_back((stream, now.saturating_add(REFUSED_STAY)));
    }

    /// Closes the refused connections that have stayed for long enough. True if connections may be accepted again.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        while self.refused.front().is_some_and(|(_, until)| *until <= now) {
            self.close_oldest();
        }
        self.paused_until.is_some_and(|until| until <= now)
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.paused_until.into_iter().chain(self.refused.front().map(|(_, until)| *until)).min()
    }

    fn close_oldest(&mut self) {
        if let Some((mut stream, _)) = self.refused.pop_front() {
            discard(&mut stream);
        }
    }
}

/// Throws away what has come: closing a socket with something to read in it resets it.
fn discard(stream: &mut TcpStream) {
    let mut bytes = [0; 4096];
    for _ in 0..16 {
        if !matches!(stream.read(&mut bytes), Ok(1..)) {
            return;
        }
    }
}

fn is_out_of_something(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
