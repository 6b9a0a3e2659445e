//! The client's end of a stream that blocks.

use core::cell::{Cell, RefCell};

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use wirenut::http::{ClientConnection, Limits, Request, ResponseHead};

use super::polled::{Polled, block_on};
use super::{Shutdown, Wanted};
use crate::client::Engine;
use crate::{Buffers, Clock, Error};

/// Asks one server, over one stream that blocks: a request, its answer, and the next. The blocking sister of
/// [`crate::Client`], which see. `wait` is that of
/// [`Server::serve_blocking`](crate::Server::serve_blocking).
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// use std::net::TcpStream;
/// use wirenut::http::{Limits, Method, Request};
/// use wirenut_embedded_io::{Buffers, SystemClock, Tcp, blocking::Client};
///
/// let (mut input, mut store, mut output) = ([0; 1024], [0; Limits::DEFAULT.store_bytes()], [0; 1024]);
/// let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
/// let (mut socket, clock) = (Tcp::new(TcpStream::connect("device.example:80")?)?, SystemClock::new());
/// let wait = |socket: &mut Tcp, wanted| socket.wait(wanted, &clock);
/// let mut client = Client::new(&mut socket, &clock, wait, &Limits::DEFAULT, buffers);
/// let setting = Request::new(Method::Put, "/setting", "device.example").with_length(2);
/// let status = client.send(&setting, &b"23"[..], |head| head.status)?;
/// assert_eq!(status.code(), 204);
/// client.close()?;
/// # Ok(())
/// # }
/// ```
pub struct Client<'b, T, C, W> {
    stream: &'b mut T,
    clock: &'b C,
    wait: W,
    engine: Engine<'b>,
}

impl<'b, T, C, W> Client<'b, T, C, W>
where
    T: Read + Write + ReadReady + WriteReady + Shutdown,
    C: Clock,
    W: FnMut(&mut T, Wanted),
{
    /// A client on a stream to a server on which nothing was spoken yet.
    ///
    /// # Panics
    /// As [`crate::Client::new`].
    #[must_use]
    pub fn new(stream: &'b mut T, clock: &'b C, wait: W, limits: &'b Limits, buffers: Buffers<'b>) -> Self {
        let engine = Engine::new(clock, limits, buffers);
        Self { stream, clock, wait, engine }
    }

    /// Sends a request, and returns what `on_head` makes of the head of the final answer.
    ///
    /// # Errors
    /// As [`crate::Client::send`].
    pub fn send<R>(
        &mut self,
        request: &Request<'_>,
        body: impl Read,
        on_head: impl FnOnce(&ResponseHead<'_>) -> R,
    ) -> Result<R, Error<T::Error>> {
        let (stream, wanted) = (RefCell::new(&mut *self.stream), Cell::default());
        let timer = Polled { inner: self.clock, wanted: &wanted };
        let mut polled = Polled { inner: &stream, wanted: &wanted };
        let sent = self.engine.send(&mut polled, &timer, request, Immediate(body), on_head);
        block_on(sent, &stream, &wanted, &mut self.wait)
    }

    /// Reads a piece of the answer's content. Zero: it is complete (or `piece` is empty).
    ///
    /// # Errors
    /// As [`crate::Client::read`].
    pub fn read(&mut self, piece: &mut [u8]) -> Result<usize, Error<T::Error>> {
        let (stream, wanted) = (RefCell::new(&mut *self.stream), Cell::default());
        let timer = Polled { inner: self.clock, wanted: &wanted };
        let mut polled = Polled { inner: &stream, wanted: &wanted };
        block_on(self.engine.read(&mut polled, &timer, piece), &stream, &wanted, &mut self.wait)
    }

    /// The connection, to look at. See [`crate::Client::connection`].
    #[must_use]
    pub const fn connection(&self) -> &ClientConnection {
        &self.engine.connection
    }

    /// Ends the connection: in good order if nothing is outstanding, otherwise by a reset.
    ///
    /// # Errors
    /// That of the stream.
    pub fn close(mut self) -> Result<(), Error<T::Error>> {
        let (stream, wanted) = (RefCell::new(self.stream), Cell::default());
        let timer = Polled { inner: self.clock, wanted: &wanted };
        let mut polled = Polled { inner: &stream, wanted: &wanted };
        block_on(self.engine.close(&mut polled, &timer), &stream, &wanted, &mut self.wait)
    }
}

/// What is read at once.
struct Immediate<B>(B);

impl<B: ErrorType> ErrorType for Immediate<B> {
    type Error = B::Error;
}

impl<B: Read> embedded_io_async::Read for Immediate<B> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf)
    }
}
