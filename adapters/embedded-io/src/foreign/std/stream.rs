//! A stream of the standard library that blocks, and lies over a TCP socket.

use std::io::{self, ErrorKind};
use std::net::TcpStream;

use embedded_io::{ErrorType, Read, Write};

use super::{not_yet, reset_when_dropped, wait_for};
use crate::Clock;
use crate::blocking::{Shutdown, Wanted};
use crate::foreign::unsent::is_all_sent;

/// A stream of the standard library over a TCP socket that blocks: TLS, for instance. It is served as
/// [`Sequential`](crate::blocking::Sequential).
///
/// Reads and writes block, but no longer than the socket's own time-outs, which the caller sets
/// ([`TcpStream::set_read_timeout`], [`TcpStream::set_write_timeout`]): then deadlines are looked at. Without them a silent peer
/// keeps the connection, and its thread, for good. A flush that comes to the time-out fails.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Write;
/// use std::net::TcpStream;
/// use rustls::{ServerConnection, StreamOwned};
/// use wirenut_embedded_io::StdStream;
/// use wirenut_embedded_io::blocking::Sequential;
///
/// type Tls = StreamOwned<ServerConnection, TcpStream>;
///
/// /// What `Server::serve_blocking` takes.
/// fn over_tls(tls: Tls) -> Sequential<StdStream<Tls>> {
///     let end = |tls: &mut Tls| {
///         tls.conn.send_close_notify();
///         tls.flush()
///     };
///     Sequential(StdStream::over(tls, |tls| &tls.sock, end))
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StdStream<T> {
    stream: T,
    socket: fn(&T) -> &TcpStream,
    end: fn(&mut T) -> io::Result<()>,
}

impl<T: io::Read + io::Write> StdStream<T> {
    /// A stream, how to get at its socket, and how to end our direction behind all that was written: over TLS by close_notify.
    #[must_use]
    pub const fn over(stream: T, socket: fn(&T) -> &TcpStream, end: fn(&mut T) -> io::Result<()>) -> Self {
        Self { stream, socket, end }
    }

    /// Waits until what is wanted may have happened. It returns at once where the stream wants to be read: the read blocks.
    pub fn wait(&self, wanted: Wanted, clock: &impl Clock) {
        if !wanted.reads {
            wait_for(self.socket(), wanted, clock);
        }
    }

    fn socket(&self) -> &TcpStream {
        (self.socket)(&self.stream)
    }
}

impl<T> ErrorType for StdStream<T> {
    type Error = io::Error;
}

impl<T: io::Read> Read for StdStream<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf).map_err(not_yet)
    }
}

impl<T: io::Write> Write for StdStream<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf).map_err(not_yet)
    }

    fn flush(&mut self) -> io::Result<()> {
        again_if_interrupted(|| self.stream.flush())
    }
}

impl<T: io::Read + io::Write> Shutdown for StdStream<T> {
    fn shutdown_write(&mut self) -> io::Result<()> {
        again_if_interrupted(|| (self.end)(&mut self.stream))
    }

    /// On Linux once the system has sent all. Other systems cannot tell: there the peer may lose what it has not read yet.
    fn is_drained(&mut self) -> io::Result<bool> {
        is_all_sent(self.socket())
    }

    /// The reset is sent when the socket is dropped.
    fn abort(&mut self) {
        reset_when_dropped(self.socket());
    }
}

fn again_if_interrupted(mut operation: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match operation() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
