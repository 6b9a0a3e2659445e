//! One connection and its service, driven by an adapter. How the service is asked is in `turn`.
//!
//! Counts of bytes taken and written never exceed the lengths of their slices, so sums and differences of them cannot
//! overflow: they wrap, which is less code than to saturate.

mod turn;

use core::mem;

use super::Service;
use super::responder::{Notices, Wakeup};
use crate::http::connection::context::Context;
use crate::http::connection::server::ServerConnection;
use crate::http::connection::state::State;
use crate::http::error::{Error, Rule};
use crate::http::grammar::incoming::Incoming;
use crate::readiness::Standing;
use crate::time::Instant;
use crate::transport::{Disposition, Environment, Progress};

/// A server connection together with the exchange that a service has on it.
///
/// An adapter's loop is: bytes in, [`Self::drive`], bytes out, for as long as it takes or writes something; then wait
/// for what [`Self::is_readable`], [`Self::poll_timeout`] and its own unsent bytes name, and obey
/// [`Self::disposition`]. Drive it again whenever bytes came, room grew, it was woken, or its time has come.
///
/// ```
/// # use wirenut::http::{Context, Limits, RequestHead, Response, Status, WriteError};
/// # use wirenut::http::service::{Responder, Service, Session, Step};
/// # use wirenut::time::Instant;
/// # use wirenut::transport::Environment;
/// # struct Hello;
/// # impl Service for Hello {
/// #     type Exchange = ();
/// #     type Source = core::convert::Infallible;
/// #     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
/// #         responder.send(&Response::new(Status::OK), b"hello")?;
/// #         Ok(((), Step::Done))
/// #     }
/// # }
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut session = Session::<Hello>::new(&cx);
/// let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// let driven = session.drive(&cx, &Environment::alone(256), &Hello, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut store, &mut out);
/// assert_eq!(&out[..driven.written], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
/// ```
pub struct Session<S: Service + ?Sized> {
    connection: ServerConnection,
    pause: Pause,
    refused: Refused,
    failure: Failure,
    /// What ended the last wait, until the exchange is asked.
    wakeup: Option<Wakeup>,
    notices: Notices,
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
    /// There is less room than is reserved for it, and something to ask it about.
    Room,
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

/// What became of the connection's error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// There is none.
    None,
    /// The exchange is closed.
    Untold,
    /// And the adapter has taken it.
    Told,
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
            failure: Failure::None,
            wakeup: None,
            notices: Notices::default(),
            pause_bound: 0,
            exchange: None,
            source: None,
        }
    }

    /// A session for a connection for which there is no room: it answers 503 ([`Rule::Overloaded`]), asks no service, and
    /// lingers.
    #[must_use]
    pub fn refusing(cx: &Context<'_>) -> Self {
        let mut session = Self::new(cx);
        session.refuse(cx);
        session
    }

    /// The same for a session that is there, on a connection on which nothing was said.
    pub fn refuse(&mut self, cx: &Context<'_>) {
        self.connection.refuse(cx);
        // It has no exchange, and nobody asks what went wrong.
        self.failure = Failure::Told;
    }

    /// Does all that can be done with these bytes and this room.
    ///
    /// `input` are the bytes that were not consumed before, and those that came since, in one piece. `store` is where a
    /// head lies that does not come whole: [`Limits::store_bytes`](crate::http::Limits::store_bytes), of which the first
    /// [`Self::stored`] must be as the call before left them. `out` is written from its start.
    ///
    /// Where there is less room than [`Limits::output_reserve`](crate::http::Limits::output_reserve), what only the service
    /// can answer stays in the input: drive the session again when there is more.
    pub fn drive(
        &mut self,
        cx: &Context<'_>,
        environment: &Environment<'_>,
        service: &S,
        input: &[u8],
        store: &mut [u8],
        out: &mut [u8],
    ) -> Progress {
        let mut incoming = Incoming { rest: input, store };
        let mut written = 0;
        self.end_wait_in_time(cx);
        // In a tunnel whatever happens ends a wait.
        if self.pause == Pause::Room || (self.pause == Pause::Waiting && self.is_tunnel()) {
            self.pause = Pause::None;
        }
        loop {
            let turn = self.turn(cx, environment, service, &mut incoming, out, &mut written);
            let room = out.get_mut(written..).unwrap_or(&mut []);
            let transmitted = self.connection.poll_transmit(cx, room);
            written = written.wrapping_add(transmitted);
            if self.refused != Refused::None {
                self.tell_refusal(environment, service, &incoming);
            }
            if matches!(turn, Turn::Rest) && transmitted == 0 {
                if written == 0 && out.len() >= environment.output_capacity {
                    self.connection.abandon_error_response();
                    self.refused = Refused::None;
                }
                return Progress { taken: input.len().wrapping_sub(incoming.rest.len()), written };
            }
        }
    }

    /// How many bytes at the front of the store must be there again at the next [`Self::drive`]. See
    /// [`ServerConnection::stored`].
    #[must_use]
    pub fn stored(&self) -> usize {
        let is_received = self.refused == Refused::InStore || (self.is_tunnel() && self.exchange.is_some());
        if is_received { self.connection.received() } else { self.connection.stored() }
    }

    /// The peer has ended its direction, and all that came was offered to [`Self::drive`] and not consumed.
    pub fn handle_eof(&mut self, cx: &Context<'_>, service: &S) {
        self.handle_read_closed();
        if self.is_tunnel() {
            // What came before it was awaited, too.
            self.end_wait(Wakeup::PeerEnd);
        }
        let _ = self.connection.note_eof(cx);
        self.settle(service, Refused::InStore);
    }

    /// The peer has ended its direction; bytes of it may wait unread. To be told as soon as the host knows, and before
    /// [`Self::handle_eof`]; an exchange that waits is asked. Drive the session afterwards.
    pub const fn handle_read_closed(&mut self) {
        if !mem::replace(&mut self.notices.has_peer_ended, true) {
            self.end_wait(Wakeup::PeerEnd);
        }
    }

    /// Of what was written, `sent` more bytes are on their way and `left` still wait.
    /// See [`ServerConnection::handle_sent`].
    pub fn handle_sent(&mut self, cx: &Context<'_>, sent: usize, left: usize) {
        self.connection.handle_sent(cx, sent, left);
    }

    /// [`Self::poll_timeout`] is due. Drive the session afterwards.
    pub fn handle_timeout(&mut self, cx: &Context<'_>, service: &S) {
        if S::UPGRADES {
            // Nobody drives a session that is idle.
            self.end_wait_in_time(cx);
        }
        let _ = self.connection.note_time(cx);
        self.settle(service, Refused::InStore);
    }

    /// The connection is gone, or is to be given up at once: because of the transport ([`Rule::Reset`]), or of the
    /// host ([`Rule::HostClosed`]). The exchange, if there is one, is closed; so this must be called before a session
    /// with one is dropped.
    pub fn handle_lost(&mut self, cx: &Context<'_>, service: &S, rule: Rule) {
        self.connection.fail(cx, rule);
        self.settle(service, Refused::InStore);
    }

    /// What went wrong, for the log. A session tells one error in its life, and tells it once.
    pub fn take_error(&mut self) -> Option<Error> {
        if self.failure != Failure::Untold {
            return None;
        }
        self.failure = Failure::Told;
        self.connection.error()
    }

    /// The exchange's waker was woken, or may have been. An exchange that waits, and has taken a waker
    /// ([`Responder::waker`](super::Responder::waker)), is asked. Drive the session afterwards.
    pub const fn wake(&mut self) {
        if self.notices.has_waker.get() {
            self.end_wait(Wakeup::Waker);
            // What else ended the wait, and was not told yet, the exchange can see. A wake would be lost.
            if self.wakeup.is_some() {
                self.wakeup = Some(Wakeup::Waker);
            }
        }
    }

    /// Does an exchange wait, and nobody has said yet that the peer has ended its direction? Then it wants to hear of that
    /// ([`Self::handle_read_closed`]).
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.pause, Pause::Waiting) && !self.notices.has_peer_ended
    }

    /// Ends the connection: now if it is idle, otherwise after the response in flight. An exchange that waits is asked: drive
    /// the session afterwards.
    pub fn retire(&mut self) {
        self.handle_drain();
        self.connection.retire();
    }

    /// An idle connection is to make room for another one: as [`Self::retire`], but a tunnel is to end without waiting for its
    /// peer.
    pub(super) fn evict(&mut self) {
        if self.is_tunnel() {
            self.connection.evict_tunnel();
        }
        self.retire();
    }

    /// The connection will be retired ([`Self::retire`]), once requests that wait unread are answered. An exchange that waits
    /// is asked, since it may hold them up: drive the session afterwards.
    pub const fn handle_drain(&mut self) {
        if !mem::replace(&mut self.notices.is_draining, true) {
            self.end_wait(Wakeup::Drain);
        }
    }

    /// What the adapter has to move itself before anything else: from where, and how many bytes. All that was written
    /// before must be sent first.
    pub fn transfer(&mut self) -> Option<(&mut S::Source, u64)> {
        self.source.as_mut().map(|source| (source, self.pause_bound))
    }

    /// How many bytes of [`Self::transfer`] are left, if there are any.
    #[must_use]
    #[inline]
    pub fn transfer_length(&self) -> Option<u64> {
        // Where a service has no source at all, the compiler sees that there is none.
        self.source.as_ref().map(|_| self.pause_bound)
    }

    /// The adapter has moved `bytes` of [`Self::transfer`]. Drive the session afterwards.
    pub fn handle_transferred(&mut self, cx: &Context<'_>, service: &S, bytes: u64) {
        if self.connection.note_external_send(cx, bytes).is_err() {
            return self.settle(service, Refused::None);
        }
        if self.source.is_some() {
            self.pause_bound = self.pause_bound.saturating_sub(bytes);
            if self.pause_bound == 0 {
                self.pause = Pause::None;
                self.source = None;
            }
        }
    }

    /// When [`Self::handle_timeout`] is to be called, if nothing else happens before.
    #[must_use]
    #[inline(always)]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        self.deadline(now).unless_never()
    }

    #[inline(never)]
    fn deadline(&self, now: Instant) -> Instant {
        // `Wait` without a time has the last one there is.
        let wait_end =
            if self.pause == Pause::Waiting { Instant::from_micros(self.pause_bound) } else { Instant::NEVER };
        self.connection.deadline(now).min(wait_end)
    }

    /// Should the transport be read? If not, what comes stays there: that is the back-pressure.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.connection.is_readable()
    }

    /// Is it between two requests, or in a tunnel whose exchange says so, so that it may be closed for somebody else?
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        match self.pause {
            Pause::None | Pause::Transferring => self.connection.is_idle(),
            Pause::Room => false,
            Pause::Waiting => S::UPGRADES && self.connection.is_tunnel_idle(),
        }
    }

    /// What it is doing, as far as that decides which connection gives way.
    #[must_use]
    #[inline]
    pub const fn standing(&self) -> Standing {
        if self.is_idle() {
            return Standing::Idle;
        }
        match (self.disposition(), self.connection.states().0) {
            // In a tunnel the peer's direction may outlast ours.
            (Disposition::ShutdownWrite, _) if !S::UPGRADES || self.exchange.is_none() => Standing::Lingering,
            (Disposition::Open, State::Idle) => Standing::Reading,
            _ => Standing::Busy,
        }
    }

    /// What to do with the connection once all that was written is sent.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        if S::UPGRADES && self.connection.has_ended_tunnel_output() {
            return Disposition::ShutdownWrite;
        }
        self.connection.disposition()
    }

    /// The connection, to look at.
    #[must_use]
    pub const fn connection(&self) -> &ServerConnection {
        &self.connection
    }

    /// Has the service taken the connection over?
    fn is_tunnel(&self) -> bool {
        S::UPGRADES && self.connection.is_tunnel()
    }

    const fn end_wait(&mut self, wakeup: Wakeup) {
        if let Pause::Waiting = self.pause {
            self.pause = Pause::None;
            self.wakeup = Some(wakeup);
        }
    }

    fn end_wait_in_time(&mut self, cx: &Context<'_>) {
        if self.pause_bound <= cx.now.as_micros() {
            self.end_wait(Wakeup::Time);
        }
    }

    /// Does what follows when the connection breaks, once. `refused`: where the request lies that was read, if it is no
    /// exchange yet.
    #[inline(never)]
    fn settle(&mut self, service: &S, refused: Refused) {
        let Some(error) = self.connection.error().filter(|_| self.failure == Failure::None) else { return };
        self.failure = Failure::Untold;
        if self.exchange.is_none() && self.connection.owes_error_answer() {
            self.refused = refused;
        }
        self.close_exchange(service, Err(error));
    }

    fn close_exchange(&mut self, service: &S, outcome: Result<(), Error>) {
        self.source = None;
        self.pause = Pause::None;
        self.wakeup = None;
        self.notices.has_waker.set(false);
        if let Some(exchange) = self.exchange.take() {
            service.closed(exchange, outcome);
        }
    }
}

#[cfg(test)]
mod tests;
