//! Streams that block, and a server on one of them.
//!
//! The machine is the one of [`Server::serve`]: here its future is polled in a loop, and between two polls the
//! caller waits.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use wirenut::http::service::Service;
use wirenut::http::{ClientConnection, HttpDate, Limits, Request, ResponseHead};
use wirenut::time::Instant;

use crate::client::Engine;
use crate::{Buffers, Clock, ConnectionObserver, Error, NoShutdown, Server, Timer};

/// How a blocking stream ends. See [`crate::Shutdown`], its async sister.
pub trait Shutdown: ErrorType {
    /// Ends our direction, behind all that was written. Reading goes on.
    ///
    /// # Errors
    /// Where the stream has failed before.
    fn shutdown_write(&mut self) -> Result<(), Self::Error>;

    /// Gives the stream up, both ways, so that the peer can see that what it got is not whole.
    fn abort(&mut self);
}

impl<T: Shutdown + ?Sized> Shutdown for &mut T {
    fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        (**self).shutdown_write()
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
/// (an error of kind [`TimedOut`](ErrorKind::TimedOut)) are deadlines looked at meanwhile. Everything else is as with
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

/// Asks one server, over one stream that blocks: a request, its answer, and the next. The blocking sister of
/// [`crate::Client`], which see. `wait` is that of [`Server::serve_blocking`].
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

/// Polls until it is ready, and waits in between.
fn block_on<T, R>(
    future: impl Future<Output = R>,
    stream: &RefCell<&mut T>,
    wanted: &Cell<Wanted>,
    mut wait: impl FnMut(&mut T, Wanted),
) -> R {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        wanted.take();
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return result;
        }
        wait(&mut stream.borrow_mut(), wanted.get());
    }
}

/// What blocks, to be polled: it is asked first whether it is ready, and if not, what is wanted is noted.
struct Polled<'p, T> {
    inner: T,
    wanted: &'p Cell<Wanted>,
}

impl<C: Clock> Clock for Polled<'_, &C> {
    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn date(&self) -> Option<HttpDate> {
        self.inner.date()
    }
}

impl<C: Clock> Timer for Polled<'_, &C> {
    async fn wait_until(&self, at: Instant) {
        poll_fn(|_| {
            if self.inner.now() >= at {
                return Poll::Ready(());
            }
            let wanted = self.wanted.get();
            let until = wanted.until.map_or(at, |until| until.min(at));
            self.wanted.set(Wanted { until: Some(until), ..wanted });
            Poll::Pending
        })
        .await;
    }
}

impl<T: ErrorType> ErrorType for Polled<'_, &RefCell<&mut T>> {
    type Error = T::Error;
}

impl<T: Read + ReadReady> embedded_io_async::Read for Polled<'_, &RefCell<&mut T>> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        poll_fn(|_| {
            let mut stream = self.inner.borrow_mut();
            let is_ready = stream.read_ready();
            let read = poll_ready(is_ready, || stream.read(buf));
            if read.is_pending() {
                self.wanted.set(Wanted { reads: true, ..self.wanted.get() });
            }
            read
        })
        .await
    }
}

impl<T: Write + WriteReady> embedded_io_async::Write for Polled<'_, &RefCell<&mut T>> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        poll_fn(|_| {
            let mut stream = self.inner.borrow_mut();
            let is_ready = stream.write_ready();
            let written = poll_ready(is_ready, || stream.write(buf));
            if written.is_pending() {
                self.wanted.set(Wanted { writes: true, ..self.wanted.get() });
            }
            written
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.inner.borrow_mut().flush()
    }
}

impl<T: Shutdown> crate::Shutdown for Polled<'_, &RefCell<&mut T>> {
    async fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        self.inner.borrow_mut().shutdown_write()
    }

    async fn abort(&mut self) {
        self.inner.borrow_mut().abort();
    }
}

impl<'p, T> crate::Split for Polled<'p, &'p RefCell<&'p mut T>>
where
    T: Read + Write + ReadReady + WriteReady + Shutdown,
{
    type Reader<'a>
        = Self
    where
        Self: 'a;
    type Writer<'a>
        = Self
    where
        Self: 'a;

    fn split(&mut self) -> (Self, Self) {
        (Self { ..*self }, Self { ..*self })
    }
}

/// Does it if it is ready. A time-out or an interruption is not the end: it is tried again.
fn poll_ready<E: embedded_io::Error>(
    is_ready: Result<bool, E>,
    operation: impl FnOnce() -> Result<usize, E>,
) -> Poll<Result<usize, E>> {
    match is_ready.and_then(|is_ready| if is_ready { operation().map(Poll::Ready) } else { Ok(Poll::Pending) }) {
        Ok(Poll::Ready(count)) => Poll::Ready(Ok(count)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    }
}
