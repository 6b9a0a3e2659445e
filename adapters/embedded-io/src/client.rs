//! The client's end of one stream.

use core::pin::pin;

use embedded_io_async::Read;
use wirenut::http::{
    CallError, CallListener, ClientCall, ClientConnection, ClientEvent, Context, Limits, Misuse, Request, ResponseHead,
    Rule, WriteError,
};
use wirenut::transport::{Conversation, Disposition};

use crate::converse::{ask, carry_out_until, listen};
use crate::lane::{Alarm, Alone, Time};
use crate::link::{Ending, Link};
use crate::{Buffers, Clock, Error, Operation, Split, StreamError, Timer};

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
/// # use wirenut_embedded_io::{Server, TokioStream};
/// # use wirenut_reference::{MemoryDevice, Reference};
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = TokioStream::new(TcpStream::connect(listener.local_addr()?).await?);
/// # let server = async {
/// #     let (mut input, mut store, mut output) = ([0; 1024], [0; Limits::DEFAULT.store_bytes()], [0; 4096]);
/// #     let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
/// #     let mut stream = TokioStream::new(listener.accept().await?.0);
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
    buffers: Buffers<'b>,
    conversation: Conversation,
    /// What has come and was not taken, in the input buffer.
    unread: (usize, usize),
    has_ended: bool,
    phase: Phase,
}

/// What the link of a call leaves behind.
struct Left {
    conversation: Conversation,
    unread: (usize, usize),
    has_ended: bool,
    failure: Option<CallError>,
}

impl Left {
    fn of<C: Clock>(link: Speaking<'_, C>) -> Self {
        let Link { conversation, unread, has_ended, endpoint, .. } = link;
        Self { conversation, unread, has_ended, failure: endpoint.error() }
    }
}

/// The link of a call.
type Speaking<'l, C> = Link<'l, ClientCall<'l>, C, &'l mut dyn Time, Alone>;

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
        let connection = ClientConnection::new(&context(clock, limits));
        let conversation = Conversation::new();
        Self { connection, limits, buffers, conversation, unread: (0, 0), has_ended: false, phase: Phase::Asking }
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
                    let written = self.connection.request(&cx, request, self.buffers.output).map_err(Error::Refused)?;
                    let has_content = request.length != Some(0);
                    self.phase = Phase::Called;
                    let (mut on_head, mut answer) = (Some(on_head), None);
                    let mut listener = |event: ClientEvent<'_>| {
                        let ClientEvent::Head(head) = event else { return None };
                        answer = on_head.take().map(|on_head| on_head(&head));
                        Some(0)
                    };
                    let sleep = pin!(None);
                    let mut alarm = Alarm::new(sleep, |at| timer.wait_until(at));
                    let (mut link, buffers) = self.link(timer, &mut alarm, (written, has_content), &mut listener);
                    let spoken = ask(&mut link, stream, buffers, body).await;
                    let left = Left::of(link);
                    match self.take_back(left, spoken) {
                        Ok(()) => answer.ok_or_else(|| self.give_up(timer)),
                        Err(error) => Err(error),
                    }
                }
            };
            self.phase = if sent.is_ok() { Phase::Reading } else { Phase::Asking };
            if sent.is_err() {
                self.leave(stream, timer).await;
            }
            sent
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
                    let mut count = 0;
                    let mut listener = |event: ClientEvent<'_>| match event {
                        ClientEvent::Body(content) => {
                            count = content.len().min(piece.len());
                            if let (Some(to), Some(from)) = (piece.get_mut(..count), content.get(..count)) {
                                to.copy_from_slice(from);
                            }
                            Some(count)
                        }
                        ClientEvent::End(_) | ClientEvent::Closed => Some(0),
                        ClientEvent::NeedMore
                        | ClientEvent::Paused
                        | ClientEvent::Interim(_)
                        | ClientEvent::Head(_) => None,
                    };
                    let sleep = pin!(None);
                    let mut alarm = Alarm::new(sleep, |at| timer.wait_until(at));
                    let (mut link, buffers) = self.link(timer, &mut alarm, (0, false), &mut listener);
                    let spoken = listen(&mut link, stream, buffers).await;
                    let left = Left::of(link);
                    self.take_back(left, spoken).map(|()| count)
                }
            };
            self.phase = if matches!(read, Ok(1..)) { Phase::Reading } else { Phase::Asking };
            if read.is_err() {
                self.leave(stream, timer).await;
            }
            read
        }
    }

    /// What speaks during a call. It sends so much of the output buffer, and then the content if there is some, until the
    /// listener has heard what it is for.
    fn link<'l, C: Clock>(
        &'l mut self,
        clock: &'l C,
        alarm: &'l mut dyn Time,
        (head, has_content): (usize, bool),
        listener: CallListener<'l>,
    ) -> (Speaking<'l, C>, &'l mut Buffers<'b>) {
        let asking = ClientCall::new(&mut self.connection, self.limits, listener).with_request(head, has_content);
        let mut link = Link::new(asking, self.conversation.clone(), clock, (alarm, Alone));
        (link.unread, link.has_ended) = (self.unread, self.has_ended);
        (link, &mut self.buffers)
    }

    /// The call is over.
    fn take_back<E>(&mut self, left: Left, spoken: Result<Ending, StreamError<E>>) -> Result<(), Error<E>> {
        let Left { conversation, unread, has_ended, failure } = left;
        (self.conversation, self.unread, self.has_ended) = (conversation, unread, has_ended);
        match failure {
            Some(CallError::Protocol(error)) => Err(Error::Protocol(error)),
            Some(CallError::Refused(error)) => Err(Error::Refused(error)),
            None => spoken.map(drop).map_err(Error::from),
        }
    }

    pub(crate) fn close<T: Split>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
    ) -> impl Future<Output = Result<(), Error<T::Error>>> {
        async move {
            let is_over = self.connection.is_idle() || self.connection.disposition() == Disposition::Close;
            let mut ended = Ok(());
            if is_over {
                ended = self.finish(stream, timer, Ending::Close).await;
            } else {
                self.connection.abort(&context(timer, self.limits), Rule::HostClosed);
            }
            if !is_over || ended.is_err() {
                self.leave(stream, timer).await;
            }
            ended.map_err(|error| Error::Stream(Operation::Shutdown, error))
        }
    }

    /// A call was dropped: nobody knows which bytes it took with it.
    fn give_up<E>(&mut self, timer: &impl Timer) -> Error<E> {
        Error::Protocol(self.connection.abort(&context(timer, self.limits), Rule::HostClosed))
    }

    /// Gives the stream up.
    fn leave<T: Split>(&mut self, stream: &mut T, timer: &impl Timer) -> impl Future<Output = ()> {
        async move {
            self.connection.handle_reset(&context(timer, self.limits));
            let _ = self.finish(stream, timer, Ending::Cut).await;
        }
    }

    /// Ends the stream, within the time to linger.
    fn finish<T: Split>(
        &mut self,
        stream: &mut T,
        timer: &impl Timer,
        ending: Ending,
    ) -> impl Future<Output = Result<(), T::Error>> {
        async move {
            let until = timer.now().saturating_add(self.limits.linger);
            carry_out_until(stream, timer, until, ending).await
        }
    }
}

fn context<'a>(clock: &impl Clock, limits: &'a Limits) -> Context<'a> {
    Context { now: clock.now(), limits, date: None }
}
