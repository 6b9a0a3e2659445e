//! A connection that speaks HTTP no longer.

use alloc::sync::Arc;
use core::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use wirenut_linux::poller::{Interest, Poll, Poller as _, Token};
use wirenut_linux::socket::{Attempt, Received};
use wirenut_tls::Wire;

use crate::error::{Cause, Error, Phase};
use crate::pool::Place;

/// A connection after the server has switched to another protocol (101, RFC 9110 §7.8) or has opened a tunnel (2xx to CONNECT,
/// §9.3.6): a stream of bytes in both directions, over TLS where the URL is `https`.
///
/// What the server sent behind the head of its answer is received first. [`Self::recv`] and [`Self::send`] never block; as
/// [`Read`] and [`Write`] it does, without a time limit. It keeps its place in the limits of the client's
/// [pool](crate::PoolLimits) until it is dropped.
///
/// ```
/// # use std::net::TcpListener;
/// # let listener = TcpListener::bind("127.0.0.1:0")?;
/// # let url = format!("http://{}/", listener.local_addr()?);
/// # let server = std::thread::spawn(move || {
/// #     let (mut stream, _) = listener.accept().unwrap();
/// #     stream.read(&mut [0; 1024]).unwrap();
/// #     stream.write_all(b"HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nHEL").unwrap();
/// #     stream.write_all(b"LO").unwrap();
/// #     stream.read(&mut [0; 1024]).unwrap();
/// # });
/// use std::io::{Read, Write};
/// use wirenut_client::Client;
///
/// let request = Client::new().get(url).header("Upgrade", "shout"); // Connection: upgrade goes with it
/// let mut stream = request.send()?.into_upgraded()?;
/// let mut hello = [0; 5];
/// stream.read_exact(&mut hello)?;
/// assert_eq!(&hello, b"HELLO");
/// stream.write_all(b"GOODBYE")?;
/// # server.join().unwrap();
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Upgraded {
    wire: Wire,
    /// What came behind the head, from `next` on.
    held: Vec<u8>,
    next: usize,
    subject: Arc<str>,
    _place: Place,
}

impl Upgraded {
    pub(crate) fn new((wire, held): (Wire, Vec<u8>), place: Place, subject: Arc<str>) -> Self {
        Self { wire, held, next: 0, subject, _place: place }
    }

    /// Whom it leads to: the address, and the host that was looked up for it; behind a proxy, as
    /// [`Response::peer`](crate::Response::peer) names it.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.subject
    }

    /// Receives what is there, without waiting.
    ///
    /// # Errors
    /// The connection has failed, or it ended over TLS without close_notify, so that what came may be cut off.
    pub fn recv(&mut self, into: &mut [u8]) -> Result<Received, Error> {
        let held = self.held.get(self.next..).unwrap_or_default();
        if held.is_empty() {
            return self.wire.recv(into).map_err(|error| self.failed(Phase::Body, error.into()));
        }
        let count = held.len().min(into.len());
        into[..count].copy_from_slice(&held[..count]);
        self.next += count;
        if self.next == self.held.len() {
            (self.held, self.next) = (Vec::new(), 0);
        }
        Ok(Received::Data(count))
    }

    /// Are there bytes to receive for which the descriptor does not become readable? Look before each wait.
    pub fn holds_unread(&mut self) -> bool {
        !self.held.is_empty() || self.wire.holds_unread()
    }

    /// Sends as much as is taken now. Over TLS, what was taken may still wait: see [`Self::flush_now`].
    ///
    /// # Errors
    /// The connection has failed.
    pub fn send(&mut self, bytes: &[u8]) -> Result<Attempt<usize>, Error> {
        self.wire.send(bytes).map_err(|error| self.failed(Phase::Request, error.into()))
    }

    /// Sends what was taken and has not left this process, without waiting. True: nothing is left; otherwise call it again
    /// when the descriptor is writable.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn flush_now(&mut self) -> Result<bool, Error> {
        self.wire.flush().map_err(|error| self.failed(Phase::Request, error.into()))
    }

    /// Ends our direction, over TLS with close_notify. What was not flushed before may be lost.
    pub fn shutdown_write(&mut self) {
        self.wire.shutdown_write();
    }

    fn failed(&self, phase: Phase, cause: Cause) -> Error {
        Error::new(phase, &self.subject, cause)
    }

    fn wait(&self, interest: Interest) -> Result<(), Error> {
        let mut poller = Poll::new();
        let waited = poller.register(self.as_fd(), Token(0), interest);
        let waited = waited.and_then(|()| poller.wait_until(None, wirenut_linux::monotonic_time));
        waited.map(drop).map_err(|error| self.failed(Phase::Body, error.into()))
    }
}

/// The socket's: for a poller.
impl AsFd for Upgraded {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }
}

/// Waits until something comes.
impl Read for Upgraded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.recv(into)? {
                Received::Data(count) => return Ok(count),
                Received::End => return Ok(0),
                Received::WouldBlock => self.wait(Interest::READABLE)?,
            }
        }
    }
}

/// Waits until something is taken.
impl Write for Upgraded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.send(bytes)? {
                Attempt::Done(0) if !bytes.is_empty() => return Err(ErrorKind::WriteZero.into()),
                Attempt::Done(count) => {
                    self.flush()?;
                    return Ok(count);
                }
                Attempt::WouldBlock => self.wait(Interest::WRITABLE)?,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.flush_now()? {
            self.wait(Interest::WRITABLE)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("peer", &self.subject).finish_non_exhaustive()
    }
}
