//! A connection, as a handler has it: reads and writes that wait, for so long at most, and not beyond the server's end.

use alloc::sync::Arc;
use core::mem;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use wirenut::readiness::{Interest, Poller, Token, Waited};
use wirenut_linux::Error;
use wirenut_linux::poller::Poll;
use wirenut_linux::socket::{AnyAddress, AnyByteStream, Attempt, Received};

#[cfg(feature = "tls")]
use super::security::Security;
use crate::board::{Counts, Seat, Stop};
#[cfg(feature = "tls")]
use crate::layer::Greeting;
use crate::vigil::Vigil;

const SOCKET: Token = Token(0);

/// When a drain ends, since one of a thread's streams has noticed that it has begun. None: never.
pub(super) type DrainEnd = OnceLock<Option<Instant>>;

/// How long a second thread waits before it looks whether the server stops.
const SLICE: Duration = Duration::from_millis(100);

/// What tells a thread that waits of the socket and of the server's end.
#[derive(Debug, Default)]
enum Watch {
    #[default]
    Unmade,
    /// For the next one who waits.
    Kept(Box<Vigil<Poll>>),
    /// A thread waits by it.
    Lent,
}

/// A connection of a [`Handler`](super::Handler).
///
/// It is [`Read`] and [`Write`], also as a shared reference, so that one can read by a `BufReader` and write beside it,
/// or read in one thread and write in another. A read returns what has come, at least one byte, and waits while nothing
/// has; zero is the peer's end. A write takes what there is room for. Nothing is kept in between, so there is nothing
/// to flush.
///
/// Errors, beside those of the system (`ConnectionReset`, `BrokenPipe`):
/// - `TimedOut`: nothing came, or went, for [`Config::read_timeout`](crate::Config::read_timeout) or
///   [`Config::write_timeout`](crate::Config::write_timeout).
/// - `ConnectionAborted`: the server's end does not wait any more.
///
/// ```
/// use core::time::Duration;
/// use std::io::{self, BufRead, BufReader, Write};
/// use wirenut_server::handler::Stream;
///
/// /// Answers lines, of which the first must come soon, until the server is to end.
/// fn answer_lines(mut stream: &Stream) -> io::Result<()> {
///     let (mut lines, mut line) = (BufReader::new(stream), String::new());
///     stream.set_read_timeout(Some(Duration::from_secs(5)));
///     while lines.read_line(&mut line)? > 0 && !stream.is_draining() {
///         write!(stream, "{}: {line}", stream.peer())?;
///         stream.set_read_timeout(None);
///         line.clear();
///     }
///     Ok(())
/// }
/// # let _: &dyn wirenut_server::handler::Handler = &answer_lines;
/// ```
#[derive(Debug)]
pub struct Stream {
    socket: AnyByteStream,
    peer: AnyAddress,
    seat: Seat,
    vigil: Mutex<Watch>,
    read_timeout: Mutex<Option<Duration>>,
    write_timeout: Mutex<Option<Duration>>,
    /// How long a drain lasts, and when it ends.
    drain: (Duration, Arc<DrainEnd>),
    has_ended: AtomicBool,
    has_timed_out: AtomicBool,
    is_cut: AtomicBool,
    #[cfg(feature = "tls")]
    security: Option<Mutex<Security>>,
}

/// What is left of a stream.
pub(super) struct Parts {
    pub(super) socket: AnyByteStream,
    pub(super) seat: Seat,
    #[cfg(feature = "tls")]
    pub(super) security: Option<Security>,
}

impl Stream {
    /// The socket must not block.
    pub(super) fn new(
        (socket, peer): (AnyByteStream, AnyAddress),
        seat: Seat,
        [read_timeout, write_timeout]: [Option<Duration>; 2],
        drain: (Duration, Arc<DrainEnd>),
    ) -> Self {
        Self {
            socket,
            peer,
            seat,
            vigil: Mutex::default(),
            read_timeout: Mutex::new(read_timeout),
            write_timeout: Mutex::new(write_timeout),
            drain,
            has_ended: AtomicBool::new(false),
            has_timed_out: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            #[cfg(feature = "tls")]
            security: None,
        }
    }

    /// From now on over TLS.
    #[cfg(feature = "tls")]
    pub(super) fn secure(&mut self, security: Security) {
        self.security = Some(Mutex::new(security));
    }

    /// Agrees with the peer, for so long at most. None: it has gone.
    #[cfg(feature = "tls")]
    pub(super) fn agree(&self, limit: Duration) -> io::Result<Option<Greeting>> {
        let Some(security) = &self.security else { return Ok(None) };
        let deadline = after(Some(limit));
        self.check()?;
        loop {
            let greeted = lock(security).greet(&self.socket);
            match greeted {
                Ok(greeting) => return Ok(greeting),
                Err(interest) => self.wait(interest, deadline)?,
            }
        }
    }

    /// Who is at the other end; behind a proxy that says so ([`Config::proxy_protocol`](crate::Config::proxy_protocol)), the client.
    #[must_use]
    pub const fn peer(&self) -> &AnyAddress {
        &self.peer
    }

    /// The peer speaks for this one.
    pub(super) fn set_client(&mut self, client: SocketAddr) {
        self.peer = client.into();
    }

    /// The socket, for what it can do beyond reading and writing: options, what waits unread, `send_file`. It does not block.
    /// Over TLS it has encrypted bytes: do not receive from it or send to it then.
    #[must_use]
    pub const fn socket(&self) -> &AnyByteStream {
        &self.socket
    }

    /// Ends our direction, behind all that was written; over TLS, by close_notify. The peer may still write.
    ///
    /// # Errors
    /// `NotConnected`: the connection has ended already.
    pub fn shutdown_write(&self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(security) = &self.security {
            lock(security).close(&self.socket)?;
            self.flush_security(security)?;
        }
        Ok(self.socket.shutdown(Shutdown::Write)?)
    }

    /// Was the server told to stop? Then a conversation that could go on for long had better come to its end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.seat.wanted_stop() != Stop::No
    }

    /// For how long a read waits from now on; `None`: for ever.
    pub fn set_read_timeout(&self, limit: Option<Duration>) {
        *lock(&self.read_timeout) = limit;
    }

    /// For how long a write waits from now on; `None`: for ever.
    pub fn set_write_timeout(&self, limit: Option<Duration>) {
        *lock(&self.write_timeout) = limit;
    }

    pub(super) fn counts(&self) -> &Counts {
        self.seat.counts()
    }

    pub(super) fn has_timed_out(&self) -> bool {
        self.has_timed_out.load(Ordering::Relaxed)
    }

    /// The server's end has not waited for it.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    /// Has the peer's end been read?
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// Sends all that is encrypted and has not left.
    #[cfg(feature = "tls")]
    fn flush_security(&self, security: &Mutex<Security>) -> io::Result<()> {
        self.send(|| lock(security).flush(&self.socket)).map(drop)
    }

    /// What a read waits for.
    fn read_interest(&self) -> Interest {
        #[cfg(feature = "tls")]
        if self.security.as_ref().is_some_and(|security| lock(security).holds_unsent()) {
            return Interest::READABLE | Interest::WRITABLE;
        }
        Interest::READABLE
    }

    fn receive(&self, mut receive: impl FnMut() -> io::Result<Received>) -> io::Result<usize> {
        let deadline = after(*lock(&self.read_timeout));
        self.check()?;
        loop {
            match receive()? {
                Received::Data(count) => return Ok(count),
                Received::End => {
                    self.has_ended.store(true, Ordering::Relaxed);
                    return Ok(0);
                }
                Received::WouldBlock => self.wait(self.read_interest(), deadline)?,
            }
        }
    }

    fn send(&self, mut send: impl FnMut() -> io::Result<Attempt<usize>>) -> io::Result<usize> {
        let deadline = after(*lock(&self.write_timeout));
        self.check()?;
        loop {
            match send()? {
                Attempt::Done(count) => return Ok(count),
                Attempt::WouldBlock => self.wait(Interest::WRITABLE, deadline)?,
            }
        }
    }

    /// Until when the server's end waits. An error if that is over.
    fn check(&self) -> io::Result<Option<Instant>> {
        let is_over = match self.seat.wanted_stop() {
            Stop::No => return Ok(None),
            Stop::HandOver | Stop::Drain => false,
            Stop::Now => true,
        };
        let (limit, ends_at) = &self.drain;
        let ends_at = *ends_at.get_or_init(|| after(Some(*limit)));
        if is_over || ends_at.is_some_and(|at| at <= Instant::now()) {
            self.is_cut.store(true, Ordering::Relaxed);
            return Err(io::Error::new(ErrorKind::ConnectionAborted, "the server stops"));
        }
        Ok(ends_at)
    }

    /// Waits until the socket may be ready.
    fn wait(&self, interest: Interest, deadline: Option<Instant>) -> io::Result<()> {
        let watch = mem::replace(&mut *lock(&self.vigil), Watch::Lent);
        let mut vigil = match watch {
            Watch::Kept(mut vigil) => {
                vigil.poller().modify(self.socket.as_fd(), SOCKET, interest)?;
                vigil
            }
            Watch::Unmade => {
                let mut vigil = Box::new(Vigil::new(Poll::new(), self.seat.clone())?);
                vigil.poller().register(self.socket.as_fd(), SOCKET, interest)?;
                vigil
            }
            Watch::Lent => return self.wait_beside(interest, deadline),
        };
        let outcome = self.until_ready(deadline, |until| {
            vigil.wait(until)?;
            let mut is_ready = false;
            while vigil.next_event()?.is_some() {
                is_ready = true;
            }
            Ok(is_ready)
        });
        *lock(&self.vigil) = Watch::Kept(vigil);
        outcome
    }

    /// The same, while another thread waits, which silences the bell that only one can hear.
    fn wait_beside(&self, interest: Interest, deadline: Option<Instant>) -> io::Result<()> {
        let mut poller = Poll::new();
        poller.register(self.socket.as_fd(), SOCKET, interest)?;
        self.until_ready(deadline, |until| {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let slice = left.map_or(SLICE, |left| left.min(SLICE));
            let waited = poller.wait(Some(slice.into()))?;
            while poller.next_event().is_some() {}
            Ok(waited == Waited::Ready)
        })
    }

    /// Waits again and again, until the socket may be ready, or it is too late. `wait`: until then at most; true if it
    /// is ready.
    fn until_ready(
        &self,
        deadline: Option<Instant>,
        mut wait: impl FnMut(Option<Instant>) -> Result<bool, Error>,
    ) -> io::Result<()> {
        loop {
            let ends_at = self.check()?;
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.has_timed_out.store(true, Ordering::Relaxed);
                return Err(io::Error::new(ErrorKind::TimedOut, "nothing came or went in time"));
            }
            if wait([ends_at, deadline].into_iter().flatten().min())? {
                return Ok(());
            }
        }
    }

    /// What is left of it when its handler has returned.
    pub(super) fn into_parts(self) -> Parts {
        Parts {
            socket: self.socket,
            seat: self.seat,
            #[cfg(feature = "tls")]
            security: self.security.map(|security| security.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A time beyond all clocks is none.
fn after(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}

impl Read for &Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(security) = &self.security {
            return self.receive(|| {
                let mut security = lock(security);
                // What is left of a write that has timed out.
                let _ = security.flush(&self.socket)?;
                security.recv(&self.socket, into)
            });
        }
        self.receive(|| Ok(self.socket.recv(into)?))
    }

    fn read_vectored(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if self.security.is_some() {
            return into.iter_mut().find(|into| !into.is_empty()).map_or(Ok(0), |into| self.read(into));
        }
        self.receive(|| Ok(self.socket.recv_vectored(into)?))
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(security) = &self.security {
            let count = self.send(|| lock(security).send(&self.socket, bytes))?;
            return match self.flush_security(security) {
                // They were taken: whoever is told otherwise gives them again. The next call goes on with them.
                Err(error) if error.kind() == ErrorKind::TimedOut => Ok(count),
                flushed => flushed.map(|()| count),
            };
        }
        self.send(|| Ok(self.socket.send(bytes)?))
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if self.security.is_some() {
            return pieces.iter().find(|piece| !piece.is_empty()).map_or(Ok(0), |piece| self.write(piece));
        }
        self.send(|| Ok(self.socket.send_vectored(pieces)?))
    }

    fn flush(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(security) = &self.security {
            return self.flush_security(security);
        }
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self).read(into)
    }

    fn read_vectored(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(into)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}
