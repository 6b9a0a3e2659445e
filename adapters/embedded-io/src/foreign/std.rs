//! The sockets and the clocks of the standard library, on Unix.

use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{self, TcpStream};
use std::time;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;
use wirenut::http::HttpDate;
use wirenut::time::Instant;

use crate::Clock;
use crate::blocking::{Shutdown, Wanted};
use crate::foreign::date::today;
use crate::foreign::unsent::is_all_sent;

mod stream;
pub use stream::StdStream;

/// A TCP socket. It is asked by poll(2) whether it is ready, so deadlines hold.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use wirenut::http::Limits;
/// use wirenut_embedded_io::{Buffers, Server, SystemClock, Tcp};
/// use wirenut_reference::{MemoryDevice, Reference};
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let clock = SystemClock::new();
/// loop {
///     let (stream, peer) = listener.accept()?;
///     std::thread::spawn(move || {
///         let (mut input, mut store, mut output) = ([0; 16 * 1024], [0; Limits::DEFAULT.store_bytes()], [0; 16 * 1024]);
///         let service = Reference { device: MemoryDevice::new() };
///         let connection = Server::new(&Limits::DEFAULT, Buffers { input: &mut input, store: &mut store, output: &mut output }).with_peer(peer);
///         let mut socket = Tcp::new(stream)?;
///         let served = connection.serve_blocking(&mut socket, &service, &clock, |socket, wanted| {
///             socket.wait(wanted, &clock);
///         });
///         served.map_err(std::io::Error::other)
///     });
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
}

impl Tcp {
    /// This socket, from now on without blocking.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Waits until what is wanted may have happened.
    pub fn wait(&self, wanted: Wanted, clock: &impl Clock) {
        wait_for(&self.stream, wanted, clock);
    }
}

impl ErrorType for Tcp {
    type Error = io::Error;
}

impl Read for Tcp {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf).map_err(not_yet)
    }
}

impl Write for Tcp {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf).map_err(not_yet)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ReadReady for Tcp {
    fn read_ready(&mut self) -> io::Result<bool> {
        has_event(&self.stream, PollFlags::IN, Some(Duration::ZERO))
    }
}

impl WriteReady for Tcp {
    fn write_ready(&mut self) -> io::Result<bool> {
        has_event(&self.stream, PollFlags::OUT, Some(Duration::ZERO))
    }
}

impl Shutdown for Tcp {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown(net::Shutdown::Write)
    }

    /// On Linux once the system has sent all. Other systems cannot tell: there the peer may lose what it has not read yet.
    fn is_drained(&mut self) -> io::Result<bool> {
        is_all_sent(&self.stream)
    }

    /// The reset is sent when the socket is dropped.
    fn abort(&mut self) {
        reset_when_dropped(&self.stream);
    }
}

fn wait_for(socket: &TcpStream, wanted: Wanted, clock: &impl Clock) {
    let span = wanted.until.map(|until| Duration::from(until.saturating_since(clock.now())));
    let mut events = PollFlags::empty();
    events.set(PollFlags::IN, wanted.reads);
    events.set(PollFlags::OUT, wanted.writes);
    // It fails where it was interrupted, and then it is called again.
    let _ = has_event(socket, events, span);
}

/// Waits for one of the events, for so long at most. Whether it has come.
fn has_event(socket: &TcpStream, events: PollFlags, span: Option<Duration>) -> io::Result<bool> {
    let span = span.and_then(|span| Timespec::try_from(span).ok());
    let mut polled = [PollFd::new(socket, events)];
    Ok(poll(&mut polled, span.as_ref())? > 0)
}

fn reset_when_dropped(socket: &TcpStream) {
    // Where it fails there is no connection to reset.
    let _ = set_socket_linger(socket, Some(Duration::ZERO));
}

/// `embedded-io` knows no "would block"; a time-out says the same.
fn not_yet(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

/// The clocks of the system: a monotonic one, and that of the day for the Date field.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: time::Instant,
}

impl SystemClock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::START.saturating_add(self.start.elapsed().into())
    }

    fn date(&self) -> Option<HttpDate> {
        today()
    }
}
