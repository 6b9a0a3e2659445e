//! The client's end of one stream.

use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Read, Write};
use wirenut::http::{
    ClientConnection, ClientEvent, Context, Disposition, Limits, Misuse, Request, ResponseHead, Rule, WriteError,
};
use wirenut::time::Instant;

use crate::race::{self, First};
use crate::window::Window;
use crate::{Buffers, Clock, Error, Operation, Split, Timer};

/// Asks one server, over one stream: a request, its answer, and the next.
///
/// [`Self::send`] gives the head of the answer, [`Self::read`] its content piece by piece: so a device fetches what is
/// larger than its memory.
///
/// A future that is dropped before it is complete may take bytes with it. So the call after that gives the connection up
/// ([`Rule::HostClosed`]), and nothing is sent behind half a request, or read behind what was lost.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # use tokio::net::{TcpListener, TcpStream};
/// # use wirenut_embedded_io::{Server, TokioTcp};
/// # use wirenut_reference::{MemoryDevice, Reference};
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = TokioTcp(TcpStream::connect(listener.local_addr()?).await?);
/// # let server = async {
/// #     let (mut input, mut store, mut output) = ([0; 1024], [0; Limits::DEFAULT.store_bytes()], [0; 4096]);
/// #     let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
/// #     let mut stream = TokioTcp(listener.accept().await?.0);
/// #     let connection = Server::new(&Limits::DEFAULT, buffers);
/// #     let service = Reference { device: MemoryDevice::new() };
/// #     connection.serve(&mut stream, &service, &TokioTimer::new()).await.map_err(std::io::Error::other)
/// # };
/// use wirenut::http::{FieldFilter, Limits, Method, Request};
/// use wirenut_embedded_io::{Buffers, Client, TokioTimer};
///
/// const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &["ETag"], bytes: 198 }), ..Limits::DEFAULT };
/// let (mut input, mut store, mut output) = ([0; 1024], [0; LIMITS.store_bytes()], [0; 512]);
/// let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
/// # let client = async {
/// let timer = TokioTimer::new();
/// let mut client = Client::new(&mut stream, &timer, &LIMITS, buffers);
/// let request = Request::new(Method::Get, "/download?bytes=1000000", "device.example");
/// let status = client.send(&request, &[][..], |head| head.status).await?;
/// assert_eq!(status.code(), 200);
///
/// let (mut piece, mut length) = ([0; 512], 0);
/// loop {
///     match client.read(&mut piece).await? {
///         0 => break,
///         count => length += count, // flash.write(&piece[..count])
///     }
/// }
/// assert_eq!(length, 1_000_000);
/// client.close().await?;
/// # Ok::<_, wirenut_embedded_io::Error<std::io::Error>>(())
/// # };
/// # let (server, client) = tokio::join!(server, client);
/// # server?;
/// # client?;
/// # Ok(())
/// # }
/// ```
pub struct Client<'b, T, C> {
    stream: &'b mut T,
    timer: &'b C,
    engine: Engine<'b>,
}

impl<'b, T: Split, C: Timer> Client<'b, T, C> {
    /// A client on a stream to a server on which nothing was spoken yet.
    ///
    /// # Panics
    /// Where the input buffer has no byte, or the store is smaller than [`Limits::store_bytes`]: answers would be refused
    /// that the limits allow.
    #[must_use]
    pub fn new(stream: &'b mut T, timer: &'b C, limits: &'b Limits, buffers: Buffers<'b>) -> Self {
        let engine = Engine::new(timer, limits, buffers);
        Self { stream, timer, engine }
    }

    /// Sends a request, and returns what `on_head` makes of the head of the final answer. Of a request whose length is
    /// not zero, the content is read from `body`: as much as was declared, or up to its end.
    ///
    /// The answer is awaited while the content is being sent, so a server that refuses it does not get the rest
    /// ([`ClientConnection::is_stopped`]). Before the next request, [`Self::read`] must have said that there is no
    /// more.
    ///
    /// # Errors
    /// [`Error::Refused`] if the request is none, or cannot be sent now: nothing has happened, unless it was begun, and
    /// `body` does not hold what was declared. After that, and any other error, the stream was given up;
    /// [`Self::connection`] says whether to ask again elsewhere.
    pub fn send<R>(
        &mut self,
        request: &Request<'_>,
        body: impl Read,
        on_head: impl FnOnce(&ResponseHead<'_>) -> R,
    ) -> impl Future<Output = Result<R, Error<T::Error>>> {
        self.engine.send(self.stream, self.timer, request, body, on_head)
    }

    /// Reads a piece of the answer's content. Zero: it is complete (or `piece` is empty).
    ///
    /// # Errors
    /// The content was cut off, came too slowly, or the stream failed; it was given up then, and each further call says
    /// why.
    pub fn read(&mut self, piece: &mut [u8]) -> impl Future<Output = Result<usize, Error<T::Error>>> {
        self.engine.read(self.stream, self.timer, piece)
    }

    /// The connection, to look at: is it idle, so that there may be another request? May one that failed be sent again?
    #[must_use]
    pub const fn connection(&self) -> &ClientConnection {
        &self.engine.connection
    }

    /// Ends the connection: in good order if nothing is outstanding, otherwise by a reset.
    ///
    /// # Errors
    /// That of the stream.
    pub async fn close(mut self) -> Result<(), Error<T::Error>> {
        self.engine.close(self.stream, self.timer).await
    }
}

/// What is kept of a client between two calls; the stream comes with each.
pub(crate) struct Engine<'b> {
    pub(crate) connection: ClientConnection,
    limits: &'b Limits,
    input: Window<'b>,
    store: &'b mut [u8],
    output: &'b mut [u8],
    phase: Phase,
}

/// What may be called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A request may be sent.
    Asking,
    /// Content of the answer is due.
    Reading,
    /// A call goes on; or it was dropped, if another begins.
    Called,
}

impl<'b> Engine<'b> {
    pub(crate) fn new(clock: &impl Clock, limits: &'b Limits, buffers: Buffers<'b>) -> Self {
        buffers.check(limits);
        let Buffers { input, store, output } = buffers;
        let connection = ClientConnection::new(&context(clock, limits));
        Self { connection, limits, input: Window::new(input), store, output, phase: Phase::Asking }
    }

    pub(crate) fn send<T: Split, R>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
        request: &Request<'_>,
        body: impl Read,
        on_head: impl FnOnce(&ResponseHead<'_>) -> R,
    ) -> impl Future<Output = Result<R, Error<T::Error>>> {
        async move {
            let sent = match self.phase {
                Phase::Reading => return Err(Error::Refused(WriteError::Misuse(Misuse::RequestUnfinished))),
                Phase::Called => Err(self.give_up(timer)),
                Phase::Asking => {
                    let cx = context(timer, self.limits);
                    let written = self.connection.request(&cx, request, self.output).map_err(Error::Refused)?;
                    let has_body = request.length != Some(0);
                    self.phase = Phase::Called;
                    self.send_and_listen(stream, timer, (written, has_body), body, on_head).await
                }
            };
            self.phase = if sent.is_ok() { Phase::Reading } else { Phase::Asking };
            self.keep(stream, timer, sent).await
        }
    }

    fn send_and_listen<T: Split, R>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
        (written, has_body): (usize, bool),
        body: impl Read,
        on_head: impl FnOnce(&ResponseHead<'_>) -> R,
    ) -> impl Future<Output = Result<R, Error<T::Error>>> {
        async move {
            let (mut reader, mut writer) = stream.split();
            let shared = Shared { connection: RefCell::new(&mut self.connection), timer, limits: self.limits };
            let mut sending =
                pin!(Sender { shared: &shared, writer: &mut writer }.send(self.output, written, has_body, body));
            let mut listening = pin!(shared.listen(&mut reader, &mut self.input, self.store, on_head));
            let mut answer = None;
            let mut is_sent = false;
            loop {
                let deadline = shared.poll_timeout();
                let mut sleep = pin!(race::sleep_until(timer, deadline));
                let next = poll_fn(|cx| {
                    loop {
                        // First, since a stream may block in a read for ever while nothing was asked.
                        if !is_sent && let Poll::Ready(sent) = sending.as_mut().poll(cx) {
                            sent?;
                            is_sent = true;
                        }
                        let was_held = shared.is_held();
                        if answer.is_none()
                            && let Poll::Ready(listened) = listening.as_mut().poll(cx)
                        {
                            answer = Some(listened?);
                        }
                        if shared.is_held() == was_held {
                            break;
                        }
                    }
                    let is_vain = shared.connection.borrow().is_stopped();
                    if answer.is_some() && (is_sent || is_vain) {
                        return Poll::Ready(Ok(answer.take()));
                    }
                    let is_due = sleep.as_mut().poll(cx).is_ready();
                    if is_due || shared.poll_timeout() != deadline {
                        return Poll::Ready(Ok(None));
                    }
                    Poll::Pending
                });
                if let Some(answer) = next.await? {
                    return Ok(answer);
                }
                shared.with(ClientConnection::handle_timeout).map_err(Error::Protocol)?;
            }
        }
    }

    pub(crate) fn read<T: Split>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
        piece: &mut [u8],
    ) -> impl Future<Output = Result<usize, Error<T::Error>>> {
        async move {
            let read = match self.phase {
                Phase::Asking => return self.connection.error().map_or(Ok(0), |error| Err(Error::Protocol(error))),
                Phase::Called => Err(self.give_up(timer)),
                Phase::Reading if piece.is_empty() => return Ok(0),
                Phase::Reading => {
                    self.phase = Phase::Called;
                    self.read_piece(stream, timer, piece).await
                }
            };
            self.phase = if matches!(read, Ok(1..)) { Phase::Reading } else { Phase::Asking };
            self.keep(stream, timer, read).await
        }
    }

    fn read_piece<T: Split>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
        piece: &mut [u8],
    ) -> impl Future<Output = Result<usize, Error<T::Error>>> {
        async move {
            let (mut reader, _) = stream.split();
            loop {
                let cx = context(timer, self.limits);
                let (used, event) =
                    self.connection.receive(&cx, self.input.unread(), self.store).map_err(Error::Protocol)?;
                let taken = match event {
                    ClientEvent::Body(content) => {
                        let count = content.len().min(piece.len());
                        if let (Some(to), Some(from)) = (piece.get_mut(..count), content.get(..count)) {
                            to.copy_from_slice(from);
                        }
                        Some(count)
                    }
                    ClientEvent::End(_) | ClientEvent::Closed => Some(0),
                    ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Interim(_) | ClientEvent::Head(_) => {
                        None
                    }
                };
                self.input.take(used.saturating_add(taken.unwrap_or(0)));
                if let Some(count) = taken {
                    self.connection.take_body(&cx, count);
                    return Ok(count);
                }
                let count = self.receive(&mut reader, timer).await?;
                let _ = self.input.fill(count);
                if count == 0 {
                    self.connection.handle_eof(&context(timer, self.limits)).map_err(Error::Protocol)?;
                }
            }
        }
    }

    /// Reads once, while the deadline allows it.
    fn receive<E: embedded_io::Error>(
        &mut self,
        reader: &mut impl Read<Error = E>,
        timer: &impl Timer,
    ) -> impl Future<Output = Result<usize, Error<E>>> {
        async move {
            let mut reading = pin!(receive(reader, self.input.clear()));
            loop {
                match race::until(reading.as_mut(), timer, self.connection.poll_timeout(timer.now())).await {
                    First::Done(count) => return count,
                    First::Due => {
                        let cx = context(timer, self.limits);
                        self.connection.handle_timeout(&cx).map_err(Error::Protocol)?;
                    }
                }
            }
        }
    }

    pub(crate) async fn close<T: Split>(&mut self, stream: &mut T, timer: &impl Timer) -> Result<(), Error<T::Error>> {
        let is_over = self.connection.is_idle() || self.connection.disposition() == Disposition::Close;
        if !is_over {
            self.connection.abort(&context(timer, self.limits), Rule::HostClosed);
            stream.abort().await;
            return Ok(());
        }
        let deadline = timer.now().saturating_add(self.limits.linger);
        let ended = match race::until(pin!(stream.shutdown_write()), timer, Some(deadline)).await {
            First::Done(Err(error)) => Err(Error::Stream(Operation::Shutdown, error)),
            First::Done(Ok(())) | First::Due => Ok(()),
        };
        self.keep(stream, timer, ended).await
    }

    /// A call was dropped: nobody knows which bytes it took with it.
    fn give_up<E>(&mut self, timer: &impl Timer) -> Error<E> {
        Error::Protocol(self.connection.abort(&context(timer, self.limits), Rule::HostClosed))
    }

    /// After an error, the stream is given up.
    fn keep<T: Split, R>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
        result: Result<R, Error<T::Error>>,
    ) -> impl Future<Output = Result<R, Error<T::Error>>> {
        async move {
            if result.is_err() {
                self.connection.handle_reset(&context(timer, self.limits));
                stream.abort().await;
            }
            result
        }
    }
}

/// What sender and listener share; it is borrowed between two waits only.
struct Shared<'s, 'c, C> {
    connection: RefCell<&'c mut ClientConnection>,
    timer: &'s C,
    limits: &'s Limits,
}

impl<C: Clock> Shared<'_, '_, C> {
    fn with<R>(&self, call: impl FnOnce(&mut ClientConnection, &Context<'_>) -> R) -> R {
        call(&mut self.connection.borrow_mut(), &context(self.timer, self.limits))
    }

    fn is_held(&self) -> bool {
        self.connection.borrow().is_held()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.connection.borrow().poll_timeout(self.timer.now())
    }

    fn receive<'r>(
        &self,
        input: &'r [u8],
        store: &'r mut [u8],
    ) -> Result<(usize, ClientEvent<'r>), wirenut::http::Error> {
        self.connection.borrow_mut().receive(&context(self.timer, self.limits), input, store)
    }

    /// Waits for the head of the final answer. Pauses when it has set the body free.
    fn listen<R, E: embedded_io::Error>(
        &self,
        reader: &mut impl Read<Error = E>,
        input: &mut Window<'_>,
        store: &mut [u8],
        on_head: impl FnOnce(&ResponseHead<'_>) -> R,
    ) -> impl Future<Output = Result<R, Error<E>>> {
        async move {
            loop {
                let was_held = self.is_held();
                let (used, event) = self.receive(input.unread(), store).map_err(Error::Protocol)?;
                let needs_more = match event {
                    ClientEvent::Head(head) => {
                        let answer = on_head(&head);
                        input.take(used);
                        return Ok(answer);
                    }
                    ClientEvent::Interim(_) => false,
                    ClientEvent::NeedMore
                    | ClientEvent::Paused
                    | ClientEvent::Body(_)
                    | ClientEvent::End(_)
                    | ClientEvent::Closed => true,
                };
                input.take(used);
                if was_held && !self.is_held() {
                    // It is sent before it is read on.
                    race::pause().await;
                }
                if needs_more {
                    let count = receive(reader, input.clear()).await?;
                    let _ = input.fill(count);
                    if count == 0 {
                        self.with(ClientConnection::handle_eof).map_err(Error::Protocol)?;
                    }
                }
            }
        }
    }
}

/// Reads once. Zero is the end.
async fn receive<E: embedded_io::Error>(reader: &mut impl Read<Error = E>, room: &mut [u8]) -> Result<usize, Error<E>> {
    let most = room.len();
    let count = reader.read(room).await.map_err(|error| Error::Stream(Operation::Read, error))?;
    if count <= most { Ok(count) } else { Err(Error::Miscounted(Operation::Read)) }
}

/// The sending half of an exchange.
struct Sender<'s, 'c, C, W> {
    shared: &'s Shared<'s, 'c, C>,
    writer: &'s mut W,
}

impl<C: Clock, E: embedded_io::Error, W: Write<Error = E>> Sender<'_, '_, C, W> {
    /// Sends what was written of a request, and then its content.
    async fn send(
        mut self,
        output: &mut [u8],
        written: usize,
        has_body: bool,
        mut body: impl Read,
    ) -> Result<(), Error<E>> {
        self.write(output.get(..written).unwrap_or(&[])).await?;
        // One half to read into, the other to write into.
        let (output, source) = output.split_at_mut(output.len().div_ceil(2));
        while has_body && self.is_wanted().await? {
            let unsent = self.shared.with(|connection, _| connection.unsent());
            let most = unsent.and_then(|unsent| usize::try_from(unsent).ok()).unwrap_or(usize::MAX);
            let length = source.len().min(most);
            let place = source.get_mut(..length).unwrap_or(&mut []);
            let count = if length == 0 { 0 } else { body.read(place).await.map_err(|_| self.fail())? };
            if count == 0 {
                self.shared.with(ClientConnection::finish).map_err(Error::Refused)?;
                let written = self.shared.with(|connection, cx| connection.poll_transmit(cx, output));
                self.write(output.get(..written).unwrap_or(&[])).await?;
                break;
            }
            let mut piece = place.get(..count).ok_or_else(|| self.fail())?;
            while !piece.is_empty() && self.is_wanted().await? {
                let (taken, written) = self
                    .shared
                    .with(|connection, cx| connection.send_body(cx, piece, output))
                    .map_err(Error::Refused)?;
                if taken == 0 {
                    return Err(Error::Refused(WriteError::Full));
                }
                piece = piece.get(taken..).unwrap_or(&[]);
                self.write(output.get(..written).unwrap_or(&[])).await?;
            }
        }
        self.flush().await
    }

    /// Waits while the body is held back. Whether it is wanted then.
    async fn is_wanted(&mut self) -> Result<bool, Error<E>> {
        if self.shared.is_held() {
            self.flush().await?;
            // Whatever sets it free polls the task.
            poll_fn(|_| if self.shared.is_held() { Poll::Pending } else { Poll::Ready(()) }).await;
        }
        Ok(!self.shared.connection.borrow().is_stopped())
    }

    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Error<E>>> {
        async move {
            let mut rest = bytes;
            while !rest.is_empty() {
                self.shared.with(|connection, cx| connection.handle_sent(cx, 0, rest.len()));
                let written = self.writer.write(rest).await.map_err(|error| Error::Stream(Operation::Write, error))?;
                rest = rest.get(written..).filter(|_| written > 0).ok_or(Error::Miscounted(Operation::Write))?;
                self.shared.with(|connection, cx| connection.handle_sent(cx, written, rest.len()));
            }
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<(), Error<E>> {
        self.shared.with(|connection, cx| connection.handle_sent(cx, 0, 1));
        self.writer.flush().await.map_err(|error| Error::Stream(Operation::Flush, error))?;
        self.shared.with(|connection, cx| connection.handle_sent(cx, 0, 0));
        Ok(())
    }

    /// The source of the body has failed.
    fn fail(&self) -> Error<E> {
        Error::Protocol(self.shared.with(|connection, cx| connection.abort(cx, Rule::SourceFailed)))
    }
}

fn context<'a>(clock: &impl Clock, limits: &'a Limits) -> Context<'a> {
    Context { now: clock.now(), limits, date: None }
}
