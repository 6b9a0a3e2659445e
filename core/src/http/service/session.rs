//! One connection and its service, driven by an adapter.

use super::refusal::Refusal;
use super::responder::{Host, Responder};
use super::{Service, Step};
use crate::http::connection::context::{Context, Disposition};
use crate::http::connection::server::{ServerConnection, ServerEvent};
use crate::http::error::{Error, Rule, WriteError};
use crate::time::{Instant, earlier};

/// What [`Session::drive`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[must_use]
pub struct Driven {
    /// Bytes of the input that were consumed.
    pub taken: usize,
    /// Bytes that were written to the output.
    pub written: usize,
    /// What went wrong, told once.
    pub error: Option<Error>,
}

/// A server connection together with the exchange that a service has on it.
///
/// An adapter's loop is: bytes in, [`Self::drive`], bytes out, for as long as it takes or writes something; then wait
/// for what [`Self::is_readable`], [`Self::poll_timeout`] and its own unsent bytes name, and obey
/// [`Self::disposition`]. Drive it again whenever bytes came, room grew, it was woken, or its time has come.
///
/// ```
/// # use wirenut::http::{Context, RequestHead, Limits, Response, Status, WriteError};
/// # use wirenut::http::service::{Responder, Host, Service, Session, Step};
/// # use wirenut::time::Instant;
/// # struct Hello;
/// # impl Service for Hello {
/// #     type Exchange = ();
/// #     type Source = core::convert::Infallible;
/// #     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
/// #         responder.send(&Response::new(Status::OK), b"hello")?;
/// #         Ok(((), Step::Done))
/// #     }
/// # }
/// # struct Pair;
/// # impl Host for Pair {
/// #     fn waker(&self) -> core::task::Waker { core::task::Waker::noop().clone() }
/// #     fn peer(&self) -> Option<core::net::SocketAddr> { None }
/// #     fn output_capacity(&self) -> usize { 256 }
/// # }
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut session = Session::<Hello>::new(&cx);
/// let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// let driven = session.drive(&cx, &Pair, &Hello, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut store, &mut out);
/// assert_eq!(&out[..driven.written], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
/// ```
pub struct Session<S: Service + ?Sized> {
    connection: ServerConnection,
    pause: Pause,
    refused: Refused,
    /// While it waits: until which microsecond, if it is not the last one. While something is transferred: how many bytes
    /// are left.
    pause_bound: u64,
    exchange: Option<S::Exchange>,
    source: Option<S::Source>,
}

/// Why the service is not asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// It is.
    None,
    /// It said [`Step::Wait`].
    Waiting,
    /// The adapter has bytes to move first, from `source`.
    Transferring,
}

/// A request was refused before it became an exchange, and its answer is not written yet. Where its first bytes are:
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// There is none.
    None,
    /// In the input, where nothing of it came before.
    InInput,
    /// In the store, as far as it was understood.
    InStore,
}

/// What one turn of the loop did.
enum Turn {
    /// Something: turn again.
    Progress,
    /// Nothing more can be done now.
    Rest,
}

impl<S: Service + ?Sized> Session<S> {
    /// A session on a fresh connection.
    #[must_use]
    pub fn new(cx: &Context<'_>) -> Self {
        Self {
            connection: ServerConnection::new(cx),
            pause: Pause::None,
            refused: Refused::None,
            pause_bound: 0,
            exchange: None,
            source: None,
        }
    }

    /// Does all that can be done with these bytes and this room.
    ///
    /// `input` are the bytes that were not consumed before, and those that came since, in one piece. `store` is where a
    /// head lies that does not come whole: [`Limits::store_bytes`](crate::http::Limits::store_bytes), of which the first
    /// [`Self::stored`] must be as the call before left them. `out` is written from its start.
    pub fn drive(
        &mut self,
        cx: &Context<'_>,
        host: &dyn Host,
        service: &S,
        input: &[u8],
        store: &mut [u8],
        out: &mut [u8],
    ) -> Driven {
        let mut driven = Driven::default();
        self.end_wait(cx);
        loop {
            let turn = self.turn(cx, host, service, input, store, out, &mut driven);
            let room = out.get_mut(driven.written..).unwrap_or(&mut []);
            let transmitted = self.connection.poll_transmit(cx, room);
            driven.written = driven.written.saturating_add(transmitted);
            if self.refused != Refused::None {
                self.tell_refusal(host, service, input.get(driven.taken..).unwrap_or(&[]), store);
            }
            if matches!(turn, Turn::Rest) && transmitted == 0 {
                if driven.written == 0 && out.len() >= host.output_capacity() {
                    self.connection.abandon_error_response();
                    self.refused = Refused::None;
                }
                return driven;
            }
        }
    }

    /// A request that was refused in this turn is in the input, if nothing of it was in the store before.
    fn place_refusal(&mut self, is_fresh: bool) {
        if self.refused == Refused::InStore && is_fresh {
            self.refused = Refused::InInput;
        }
    }

    /// Tells the service of a refused request, once its answer is written.
    #[cold]
    fn tell_refusal(&mut self, host: &dyn Host, service: &S, input: &[u8], store: &[u8]) {
        if self.connection.owes_error_answer() {
            return;
        }
        let received = match self.refused {
            Refused::InStore => store.get(..self.connection.stored()).unwrap_or(&[]),
            Refused::None | Refused::InInput => input,
        };
        self.refused = Refused::None;
        if let Some(error) = self.connection.error() {
            service.refused(&Refusal { error, received, host });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a turn works with")]
    fn turn(
        &mut self,
        cx: &Context<'_>,
        host: &dyn Host,
        service: &S,
        input: &[u8],
        store: &mut [u8],
        out: &mut [u8],
        driven: &mut Driven,
    ) -> Turn {
        if self.pause != Pause::None {
            return Turn::Rest;
        }
        let before = self.connection.clone();
        let is_fresh = before.stored() == 0;
        let rest = input.get(driven.taken..).unwrap_or(&[]);
        let (used, event) = match self.connection.receive(cx, rest, store) {
            Ok(received) => received,
            Err(_) if before.error().is_some() => return Turn::Rest,
            Err(error) => {
                self.fail(service, error, driven);
                self.place_refusal(is_fresh);
                return Turn::Progress;
            }
        };
        let body_start = driven.taken.saturating_add(used);
        let mut answer = Responder { connection: &mut self.connection, cx, host, out, written: driven.written };
        let mut body_taken = 0;
        let is_idle_turn = matches!(event, ServerEvent::NeedMore | ServerEvent::Paused);
        let asked = match (event, &mut self.exchange) {
            (ServerEvent::Head(head), exchange) => service.request(&head, &mut answer).map(|(begun, step)| {
                *exchange = Some(begun);
                step
            }),
            (ServerEvent::Body(piece), Some(exchange)) => {
                service.body(exchange, piece, &mut answer).map(|(taken, step)| {
                    body_taken = taken.min(piece.len());
                    step
                })
            }
            (ServerEvent::End(trailers), Some(exchange)) => service.end(exchange, trailers, &mut answer),
            (ServerEvent::NeedMore | ServerEvent::Paused, Some(exchange)) => service.proceed(exchange, &mut answer),
            (
                ServerEvent::Body(_)
                | ServerEvent::End(_)
                | ServerEvent::NeedMore
                | ServerEvent::Paused
                | ServerEvent::Closed,
                _,
            ) => {
                let progress = used > 0;
                driven.taken = body_start;
                return if progress { Turn::Progress } else { Turn::Rest };
            }
        };
        let written = answer.written;
        match asked {
            Ok(step) => {
                if body_taken > 0 {
                    self.connection.take_body(cx, body_taken);
                }
                let moved = used > 0 || body_taken > 0 || written > driven.written;
                driven.taken = body_start.saturating_add(body_taken);
                driven.written = written;
                let ended = self.obey(cx, service, step, driven);
                // A service that neither moved nor changed anything is asked again when something has changed.
                if moved || ended || (!is_idle_turn && !matches!(event, ServerEvent::Body(_))) {
                    Turn::Progress
                } else {
                    Turn::Rest
                }
            }
            Err(WriteError::Full) => {
                let kept = if self.connection.undo(before, !is_idle_turn) { used } else { 0 };
                driven.taken = driven.taken.saturating_add(kept);
                if driven.written == 0 && out.len() >= host.output_capacity() {
                    // Once more, so that the connection knows the request that it has to answer.
                    let _ = self.connection.receive(cx, rest.get(kept..).unwrap_or(&[]), store);
                    let error = self.connection.abort(cx, Rule::ResponseTooLarge);
                    self.fail(service, error, driven);
                    self.place_refusal(is_fresh);
                    return Turn::Progress;
                }
                // The request stays in the input, or in the store; the time that its sender takes is not its fault now.
                self.connection.hold(cx);
                Turn::Rest
            }
            Err(WriteError::Misuse(_)) => {
                let error = self.connection.abort(cx, Rule::Misused);
                self.fail(service, error, driven);
                self.place_refusal(is_fresh);
                Turn::Progress
            }
        }
    }

    /// Does what the service wants. Whether that ended the exchange.
    fn obey(&mut self, cx: &Context<'_>, service: &S, step: Step<S::Source>, driven: &mut Driven) -> bool {
        match step {
            Step::Abort => {
                let error = self.connection.abort(cx, Rule::Aborted);
                self.fail(service, error, driven);
                true
            }
            // Nothing of a response to HEAD is sent but its head.
            _ if matches!(step, Step::Done) || self.connection.discards_body() => {
                match self.connection.finish(cx) {
                    Ok(()) => self.close_exchange(service, Ok(())),
                    Err(_) => {
                        let error = self.connection.abort(cx, Rule::Misused);
                        self.fail(service, error, driven);
                    }
                }
                true
            }
            // The adapter would have sent too much before anybody noticed, or waited for nothing.
            Step::Transfer { length, .. }
                if length == 0 || self.connection.unsent().is_none_or(|unsent| length > unsent) =>
            {
                let error = self.connection.abort(cx, Rule::Misused);
                self.fail(service, error, driven);
                true
            }
            Step::More | Step::Done => false,
            Step::Wait(until) => {
                self.pause = Pause::Waiting;
                self.pause_bound = until.map_or(u64::MAX, Instant::as_micros);
                self.connection.pause(cx);
                false
            }
            Step::Transfer { source, length } => {
                self.source = Some(source);
                self.pause = Pause::Transferring;
                self.pause_bound = length;
                self.connection.pause(cx);
                false
            }
        }
    }

    /// How many bytes at the front of the store must be there again at the next [`Self::drive`]. See
    /// [`ServerConnection::stored`].
    #[must_use]
    pub fn stored(&self) -> usize {
        self.connection.stored()
    }

    /// The peer has ended its direction, and all that came was offered to [`Self::drive`] and not consumed.
    pub fn handle_eof(&mut self, cx: &Context<'_>, service: &S) -> Driven {
        let mut driven = Driven::default();
        let was_broken = self.connection.error().is_some();
        if let (Err(error), false) = (self.connection.handle_eof(cx), was_broken) {
            self.fail(service, error, &mut driven);
        }
        driven
    }

    /// Of what was written, `sent` more bytes are on their way and `left` still wait.
    /// See [`ServerConnection::handle_sent`].
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        self.connection.handle_sent(cx, sent, left);
    }

    /// [`Self::poll_timeout`] is due. Drive the session afterwards.
    pub fn handle_timeout(&mut self, cx: &Context<'_>, service: &S) -> Driven {
        let mut driven = Driven::default();
        self.end_wait(cx);
        let was_broken = self.connection.error().is_some();
        if let (Err(error), false) = (self.connection.handle_timeout(cx), was_broken) {
            self.fail(service, error, &mut driven);
        }
        driven
    }

    /// The connection is gone, or is to be given up at once: because of the transport ([`Rule::Reset`]), or of the
    /// host ([`Rule::HostClosed`]). The exchange, if there is one, is closed; so this must be called before a session
    /// with one is dropped.
    pub fn handle_lost(&mut self, cx: &Context<'_>, service: &S, rule: Rule) -> Driven {
        let mut driven = Driven::default();
        let was_broken = self.connection.error().is_some();
        let error = self.connection.abort(cx, rule);
        if was_broken {
            self.close_exchange(service, Err(error));
        } else {
            self.fail(service, error, &mut driven);
        }
        driven
    }

    /// The exchange's waker was woken. Drive the session afterwards.
    pub const fn wake(&mut self) {
        if let Pause::Waiting = self.pause {
            self.pause = Pause::None;
        }
    }

    /// Ends the connection: now if it is idle, otherwise after the response in flight.
    pub fn retire(&mut self) {
        self.connection.retire();
    }

    /// What the adapter has to move itself before anything else: from where, and how many bytes. All that was written
    /// before must be sent first.
    pub fn transfer(&mut self) -> Option<(&mut S::Source, u64)> {
        match (&mut self.source, self.pause) {
            (Some(source), Pause::Transferring) => Some((source, self.pause_bound)),
            _ => None,
        }
    }

    /// The adapter has moved `bytes` of [`Self::transfer`]. Drive the session afterwards.
    pub fn handle_transferred(&mut self, cx: &Context<'_>, service: &S, bytes: u64) -> Driven {
        let mut driven = Driven::default();
        if self.connection.note_external_send(cx, bytes).is_err() {
            let error = self.connection.abort(cx, Rule::Misused);
            self.fail(service, error, &mut driven);
            return driven;
        }
        if self.pause == Pause::Transferring {
            self.pause_bound = self.pause_bound.saturating_sub(bytes);
            if self.pause_bound == 0 {
                self.pause = Pause::None;
                self.source = None;
            }
        }
        driven
    }

    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        earlier(self.connection.poll_timeout(now), self.wait_end())
    }

    /// Should the transport be read? If not, what comes stays there: that is the back-pressure.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.connection.is_readable()
    }

    /// Is it between two requests, so that it may be closed for somebody else?
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.connection.is_idle()
    }

    /// What to do with the connection once all that was written is sent.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        self.connection.disposition()
    }

    /// The connection, to look at.
    #[must_use]
    pub const fn connection(&self) -> &ServerConnection {
        &self.connection
    }

    fn end_wait(&mut self, cx: &Context<'_>) {
        if self.wait_end().is_some_and(|end| end <= cx.now) {
            self.pause = Pause::None;
        }
    }

    const fn wait_end(&self) -> Option<Instant> {
        match self.pause {
            Pause::Waiting if self.pause_bound < u64::MAX => Some(Instant::from_micros(self.pause_bound)),
            Pause::Waiting | Pause::None | Pause::Transferring => None,
        }
    }

    fn fail(&mut self, service: &S, error: Error, driven: &mut Driven) {
        driven.error = Some(error);
        if self.exchange.is_none() && self.connection.owes_error_answer() {
            self.refused = Refused::InStore;
        }
        self.close_exchange(service, Err(error));
    }

    fn close_exchange(&mut self, service: &S, outcome: Result<(), Error>) {
        self.source = None;
        self.pause = Pause::None;
        if let Some(exchange) = self.exchange.take() {
            service.closed(exchange, outcome);
        }
    }
}

#[cfg(test)]
mod tests;
