//! A connection that an exchange has taken over.

use core::fmt;

use super::Step;
use super::responder::{Responder, Wakeup};
use crate::http::connection::state::State;
use crate::readiness::Standing;
use crate::transport::{Disposition, Progress, Protocol};

/// A connection that speaks no HTTP any more, since its exchange has answered with 101 (RFC 9110 §7.8), or with 2xx to
/// CONNECT (§9.3.6). Given by [`Responder::tunnel`].
///
/// The exchange goes on, with the methods that it has:
///
/// | what happens | what is called |
/// |---|---|
/// | bytes have come | `body`, with those that were left before and those that came since |
/// | the peer has ended its direction, and all was taken | `end`, once |
/// | room, a wake, the named time, a drain | `proceed`, or `body` if there are bytes |
/// | the connection is lost, or the exchange is over | `closed`, once |
///
/// - What stands behind the request's head belongs to the tunnel, and no further request is read. What
///   [`Responder::send_body`] and [`Responder::fill_body`] take leaves as it is, behind the head of the response.
/// - [`Step::Wait`] ends with whatever happens: more bytes, more room, a wake, the named time. Bytes that are left are offered
///   again, and nothing more is read from the peer until some of them are taken.
/// - [`Step::Done`] ends our direction. What the peer still sends is thrown away, until it ends its own, or for
///   [`Limits::linger`](crate::http::Limits::linger). [`Step::Abort`] resets the connection.
/// - A peer that takes nothing of what was sent has [`Limits::write`](crate::http::Limits::write); other deadlines are the
///   exchange's own.
/// - While the server drains ([`Responder::is_draining`]) the exchange should end.
///
/// ```
/// use wirenut::http::service::{Exchange, Responder, Result, Step, routes};
/// use wirenut::http::{Field, Fields, Response, Status};
///
/// /// Sends back what comes.
/// struct Echo;
///
/// impl<A, S> Exchange<A, S> for Echo {
///     const UPGRADES: bool = true;
///
///     fn proceed(&mut self, _: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
///         Ok(if responder.is_draining() { Step::Done } else { Step::Wait(None) })
///     }
///     fn body(&mut self, _: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
///         Ok((responder.send_body(piece)?, Step::More))
///     }
///     fn end(&mut self, _: A, _: Fields<'_>, _: &mut Responder<'_>) -> Result<Step<S>> {
///         Ok(Step::Done)
///     }
/// }
///
/// let service = routes!((), get("/echo", |_, _, responder| {
///     let fields = [Field::new("Upgrade", "echo")];
///     responder.respond(&Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&fields))?;
///     Ok(Echo)
/// }));
/// # let _ = service;
/// ```
pub struct Tunnel<'t, 'a> {
    responder: &'t mut Responder<'a>,
}

impl<'a> Responder<'a> {
    /// The tunnel that the connection is, if it was one when this call began: not in the call that answered the request.
    #[must_use]
    pub const fn tunnel(&mut self) -> Option<Tunnel<'_, 'a>> {
        if self.store.is_some() { Some(Tunnel { responder: self }) } else { None }
    }
}

impl Tunnel<'_, '_> {
    /// The connection's store, for what a protocol keeps between two calls. The first [`Self::kept`] bytes are as the call
    /// before left them, and the others may hold anything. It has the same length in each call:
    /// [`Limits::store_bytes`](crate::http::Limits::store_bytes), or more.
    #[must_use]
    pub fn store(&mut self) -> &mut [u8] {
        self.responder.store.as_deref_mut().unwrap_or(&mut [])
    }

    /// How many bytes at the front of the store the call before has kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.responder.connection.received()
    }

    /// Keeps so many bytes at the front of the store until the next call.
    pub fn keep(&mut self, bytes: usize) {
        let most = self.store().len();
        self.responder.connection.keep(bytes.min(most));
    }

    /// The connection may be closed to make room for another one, while the exchange waits after this call: nothing is under
    /// way on it. Otherwise, and by default, it keeps its place. An exchange that is to give way is asked to, as by a drain.
    pub fn set_idle(&mut self, is_idle: bool) {
        self.responder.connection.set_tunnel_idle(is_idle);
    }

    /// See [`Responder::is_draining`].
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.responder.is_draining()
    }

    /// Is the connection to end at once, without waiting for the peer, since another one is to have its place? Only after
    /// [`Self::set_idle`].
    #[must_use]
    pub const fn is_evicted(&self) -> bool {
        self.responder.connection.is_tunnel_evicted()
    }

    /// Ends our direction behind what was sent (a half-close), and goes on: the peer may still send. Nothing can be sent after
    /// that. Returns false if it has ended before.
    pub fn shutdown_write(&mut self) -> bool {
        self.responder.connection.end_tunnel_output()
    }

    /// Lets a protocol do what it can with these bytes, which may be none. Returns how many of them it took, and the step for
    /// the exchange to return. This calls the protocol's methods for deadlines that are due, wakes, drains and eviction. The
    /// exchange calls [`Protocol::handle_eof`] itself, once, before this; and [`Protocol::handle_reset`] when it is closed.
    ///
    /// The connection keeps the peer's time to take what was sent ([`Limits::write`](crate::http::Limits::write)). If
    /// something had to wait since the call before, this calls [`Protocol::handle_sent`] with no bytes: the peer was not read
    /// meanwhile, so the protocol must not count its silence.
    ///
    /// The protocol's store is that of the connection. A protocol that ends ([`Protocol::disposition`]) ends the exchange.
    pub fn speak<S>(&mut self, piece: &[u8], protocol: &mut (impl Protocol + ?Sized)) -> (usize, Step<S>) {
        let (taken, rest) = self.drive(piece, protocol);
        let step = match (protocol.disposition(), rest) {
            (Disposition::ShutdownWrite | Disposition::Close, _) => Step::Done,
            (Disposition::Abort | Disposition::Cut, _) => Step::Abort,
            // Its time may have come, and passes until there is room. The peer's time to take runs meanwhile.
            (Disposition::Open, Rest::ForRoom) => Step::Wait(None),
            (Disposition::Open, Rest::Idle) => Step::Wait(protocol.poll_timeout()),
            (Disposition::Open, Rest::No) => Step::More,
        };
        (taken, step)
    }

    /// Once for all kinds of steps. Returns how many bytes were taken, and whether nothing more can be done now.
    fn drive(&mut self, piece: &[u8], protocol: &mut (impl Protocol + ?Sized)) -> (usize, Rest) {
        let responder = &mut *self.responder;
        protocol.handle_now(responder.cx.now);
        if responder.connection.take_sent_waited() {
            // Meanwhile the peer was not read, so its silence does not count.
            protocol.handle_sent(0, 1);
            protocol.handle_sent(0, 0);
        }
        if protocol.poll_timeout().is_some_and(|due| due <= responder.cx.now) {
            protocol.handle_timeout();
        }
        match responder.wakeup {
            Some(Wakeup::Waker) => protocol.handle_wake(),
            Some(Wakeup::PeerEnd) => protocol.handle_read_closed(),
            Some(Wakeup::Time | Wakeup::Drain) | None => {}
        }
        if responder.connection.is_tunnel_evicted() {
            // Whatever has come meanwhile: it is asked once.
            let _ = protocol.give_way(false);
        } else if responder.notices.is_draining {
            protocol.retire();
        }
        // Behind the end of our direction there is no room.
        let has_room = responder.connection.states().1 == State::Tunnel;
        let start = if has_room { responder.written } else { usize::MAX };
        let out = responder.out.get_mut(start..).unwrap_or(&mut []);
        let store = responder.store.as_deref_mut().unwrap_or(&mut []);
        // Less room than there will be later, since what was sent before waits: later, then.
        let is_later = has_room && out.len() < protocol.needed_room().min(responder.environment.output_capacity);
        let progress = if is_later { Progress::default() } else { protocol.drive(piece, store, out) };
        responder.written = responder.written.wrapping_add(progress.written);
        responder.content = responder.content.wrapping_add(progress.written);
        self.keep(protocol.stored());
        let is_idle = protocol.standing() == Standing::Idle;
        self.set_idle(is_idle);
        // As in every conversation, whoever is idle and has taken all that came is not driven again.
        let is_done = progress == Progress::default() || (is_idle && progress.taken == piece.len());
        let rest = match (is_later, is_done) {
            (true, _) => Rest::ForRoom,
            (false, true) => Rest::Idle,
            (false, false) => Rest::No,
        };
        (progress.taken, rest)
    }
}

/// Does a protocol rest, since nothing more can be done now?
enum Rest {
    No,
    /// Until something happens.
    Idle,
    /// It was not driven: first the peer is to take what waits.
    ForRoom,
}

impl fmt::Debug for Tunnel<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("kept", &self.kept()).finish_non_exhaustive()
    }
}
