//! Streams that block, and a server on one of them.
//!
//! The machine is the one of [`Server::serve`]: here its future is polled in a loop, and between two polls the
//! caller waits.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use wirenut::http::service::Service;
use wirenut::time::Instant;

use crate::{Buffers, Clock, ConnectionObserver, Endpoint, Error, NoShutdown, Server, StreamError};

mod client;
mod polled;

pub use client::Client;

use polled::{Polled, block_on};

/// How a blocking stream ends. See [`crate::Shutdown`], its async sister.
pub trait Shutdown: ErrorType {
    /// Ends our direction, behind all that was written. Reading goes on.
    ///
    /// # Errors
    /// Where the stream has failed before.
    fn shutdown_write(&mut self) -> Result<(), Self::Error>;

    /// Has all that was written left, or does the peer have it, so that a reset cannot destroy it any more? If not, it is
    /// asked again after the next wait. By default it has.
    ///
    /// # Errors
    /// Where the stream has failed before.
    fn is_drained(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }

    /// Gives the stream up, both ways, so that the peer can see that what it got is not whole.
    fn abort(&mut self);
}

impl<T: Shutdown + ?Sized> Shutdown for &mut T {
    fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        (**self).shutdown_write()
    }

    fn is_drained(&mut self) -> Result<bool, Self::Error> {
        (**self).is_drained()
    }

    fn abort(&mut self) {
        (**self).abort();
    }
}

/// What has to happen before there is something to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// The stream can be read.
    pub reads: bool,
    /// The stream can be written.
    pub writes: bool,
    /// It is so late.
    pub until: Option<Instant>,
}

/// A stream that cannot say whether it is ready: reads and writes simply block. **No deadline can interrupt them.**
///
/// What it costs: a peer that says nothing keeps the connection, and its thread, for as long as the stream itself lets
/// it. A deadline that has passed takes effect when the read returns. Only where the stream has a time-out of its own
/// (an error of kind [`TimedOut`](embedded_io::ErrorKind::TimedOut)) are deadlines looked at meanwhile. Everything else is as with
/// streams that are asked: it is written before it is read, and read only when the peer is to speak. A client sends all of
/// its content before it hears a refusal of it, unless it expects a 100 first.
#[derive(Clone, Copy, Debug)]
pub struct Sequential<T>(pub T);

impl<T: ErrorType> ErrorType for Sequential<T> {
    type Error = T::Error;
}

impl<T: Read> Read for Sequential<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf)
    }
}

impl<T: Write> Write for Sequential<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush()
    }
}

impl<T: ErrorType> ReadReady for Sequential<T> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

impl<T: ErrorType> WriteReady for Sequential<T> {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

impl<T: Shutdown> Shutdown for Sequential<T> {
    fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        self.0.shutdown_write()
    }

    fn is_drained(&mut self) -> Result<bool, Self::Error> {
        self.0.is_drained()
    }

    fn abort(&mut self) {
        self.0.abort();
    }
}

impl<T: Read> Read for NoShutdown<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf)
    }
}

impl<T: Write> Write for NoShutdown<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush()
    }
}

impl<T: ReadReady> ReadReady for NoShutdown<T> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        self.0.read_ready()
    }
}

impl<T: WriteReady> WriteReady for NoShutdown<T> {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        self.0.write_ready()
    }
}

impl<T: ErrorType> Shutdown for NoShutdown<T> {
    fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn abort(&mut self) {}
}

impl<L: ConnectionObserver> Server<'_, L> {
    /// As [`Self::serve`], on a stream that blocks.
    ///
    /// `wait` is called when there is nothing to do: it returns when one of what is [`Wanted`] may have happened, or
    /// earlier for any reason (on a device: it sleeps until an interrupt). Each time that it returns, an exchange that
    /// waits is asked.
    ///
    /// A stream that cannot say whether it is ready is served as [`Sequential`]. Flushing blocks on all of them.
    ///
    /// ```
    /// use embedded_io::{ErrorType, Read, Write};
    /// use wirenut::http::Limits;
    /// use wirenut::time::Instant;
    /// use wirenut_embedded_io::{Buffers, Server, NoShutdown, blocking::Sequential};
    /// use wirenut_reference::{MemoryDevice, Reference};
    ///
    /// /// A line on which a request has come already.
    /// struct Line(&'static [u8], Vec<u8>);
    /// # impl ErrorType for Line {
    /// #     type Error = core::convert::Infallible;
    /// # }
    /// # impl Read for Line {
    /// #     fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> { self.0.read(buf) }
    /// # }
    /// # impl Write for Line {
    /// #     fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> { self.1.extend(buf); Ok(buf.len()) }
    /// #     fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) }
    /// # }
    ///
    /// let mut line = Sequential(NoShutdown(Line(b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n", Vec::new())));
    /// const LIMITS: Limits = Limits { head_bytes: 1024, trailer_bytes: 1024, ..Limits::DEFAULT };
    /// let (mut input, mut store, mut output) = ([0; 64], [0; LIMITS.store_bytes()], [0; 1024]);
    /// let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    /// let service = Reference { device: MemoryDevice::new() };
    /// let connection = Server::new(&LIMITS, buffers);
    /// connection.serve_blocking(&mut line, &service, &|| Instant::START, |_, _| {}).unwrap();
    /// assert!(line.0.0.1.ends_with(br#"{"celsius":21.5,"setting":20,"requests":0}"#));
    /// ```
    ///
    /// # Errors
    /// As [`Self::serve`].
    pub fn serve_blocking<T, S>(
        self,
        stream: &mut T,
        service: &S,
        clock: &impl Clock,
        wait: impl FnMut(&mut T, Wanted),
    ) -> Result<(), Error<T::Error>>
    where
        T: Read + Write + ReadReady + WriteReady + Shutdown,
        S: Service<Source = Infallible>,
    {
        let wanted = Cell::default();
        let stream = RefCell::new(stream);
        let timer = Polled { inner: clock, wanted: &wanted };
        let mut polled = Polled { inner: &stream, wanted: &wanted };
        block_on(self.serve(&mut polled, service, &timer), &stream, &wanted, wait)
    }
}

/// Speaks a protocol on a stream that blocks, until the connection is over: as [`crate::converse`]. `wait` is that of
/// [`Server::serve_blocking`].
///
/// # Errors
/// As [`crate::converse`].
pub fn converse<T, N: Endpoint>(
    stream: &mut T,
    endpoint: &mut N,
    buffers: Buffers<'_>,
    clock: &impl Clock,
    wait: impl FnMut(&mut T, Wanted),
) -> Result<(), StreamError<T::Error>>
where
    T: Read + Write + ReadReady + WriteReady + Shutdown,
{
    let wanted = Cell::default();
    let stream = RefCell::new(stream);
    let timer = Polled { inner: clock, wanted: &wanted };
    let mut polled = Polled { inner: &stream, wanted: &wanted };
    block_on(crate::converse(&mut polled, endpoint, buffers, &timer, &()), &stream, &wanted, wait)
}
