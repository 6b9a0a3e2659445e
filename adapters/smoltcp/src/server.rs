//! The sockets of a server.

use core::convert::Infallible;
use core::mem;

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::time as theirs;
use wirenut::http::service::Service;
use wirenut::http::{Context, Error, HttpDate, Limits, Rule};
use wirenut::readiness::Policy;
use wirenut::time::Instant;

use crate::clock;
use crate::reception::{Reception, Turn};
use crate::slot::{Phase, Slot};
use crate::socket::Socket;
use crate::wakes::{Wake, Wakes};

/// Serves HTTP/1.x on `N` sockets.
///
/// All sockets listen on one port, for smoltcp has no queue of connections: a connection that finds no socket
/// listening is reset by the stack. A socket listens again as soon as its connection is gone. Three things see to it
/// that this is soon:
///
/// - Every state has a deadline, also those of the stack: a handshake takes at most [`Policy::handshake`], a peer that
///   does not end its direction is reset after [`Limits::linger`], one that does not acknowledge the last bytes after
///   [`Limits::write`]. The sockets need no time-out of their own.
/// - TIME-WAIT is cut from smoltcp's 10 s to a tenth of a second, or less if no socket listens. It has two purposes
///   (RFC 9293 §3.6.1): to repeat the last acknowledgement, and to keep old segments from a new connection of the same
///   two ports. Without it a peer whose last acknowledgement was lost sees a reset after both directions were complete,
///   which costs it nothing; and old segments must hit the window of a connection with a fresh initial sequence number.
///   A socket lost for ten seconds, of four, costs clients more.
/// - If no socket listens, somebody gives way: the oldest handshake once it is 1 s old, so that as many half-open ones as
///   there are sockets keep others out for no longer; then who lingers, with or without a slot; then, if the policy says
///   so, who is idle, and who does not send its head, which is answered 408 first. A request that waits unread saves its
///   connection, and so do bytes that the peer has not acknowledged. Who gives way is reset as soon as the peer has
///   acknowledged the end of our direction, after [`Policy::LEAVING_TIME`] at most.
///
/// `STORE` bytes of each connection hold what is known of a head, or of a trailer section, of which not all has come:
/// [`Limits::store_bytes`]. A [`FieldFilter`](wirenut::http::FieldFilter) keeps that small.
///
/// See the [crate](crate) for the loop around it.
pub struct Server<S: Service<Source = Infallible>, const N: usize, const STORE: usize, W = ()> {
    slots: [Slot<S, STORE>; N],
    reception: Reception<N, W>,
}

impl<S: Service<Source = Infallible>, const N: usize, const STORE: usize> Server<S, N, STORE> {
    /// A server on the sockets of `handles`, which must be closed now and left to the server from now on. `port` must
    /// not be 0.
    ///
    /// What the policy means here:
    /// - `slots == N`: nobody is ever refused, since nobody gets through to us while all sockets are taken. With
    ///   `evict_idle`, the connection that gives way first is closed when no socket listens any more, so that the next
    ///   client finds one: who has been idle for longest, and for [`Policy::min_idle`] at least, or has kept its head to
    ///   itself for [`Policy::min_head`].
    /// - `slots < N`: the sockets beyond the slots hear those who come when all slots are taken. With `evict_idle` a
    ///   connection gives way only then, for them; otherwise `WhenFull::Refuse` answers 503, and
    ///   `WhenFull::Queue` leaves them in their socket, unanswered, until a slot is free.
    ///
    /// A connection is idle for this purpose between two requests. Before its first it keeps its head to itself.
    ///
    /// Nobody wakes an exchange that waits, so each wait must name a time: see [`Self::with_wakes`].
    ///
    /// # Panics
    /// Where `STORE` is less than [`Limits::store_bytes`]: requests would be refused that the limits allow.
    ///
    /// ```
    /// # use smoltcp::iface::SocketHandle;
    /// # use wirenut::http::{FieldFilter, Limits, RequestHead, Response, Status, WriteError};
    /// # use wirenut::readiness::Policy;
    /// # use wirenut::http::service::{Responder, Service, Step};
    /// # use wirenut_smoltcp::Server;
    /// # struct Hello;
    /// # impl Service for Hello {
    /// #     type Exchange = ();
    /// #     type Source = core::convert::Infallible;
    /// #     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
    /// #         Ok(((), Step::Done))
    /// #     }
    /// # }
    /// const FILTER: FieldFilter = FieldFilter { names: &["If-None-Match"], bytes: 198 };
    /// const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
    /// # fn new(handles: [SocketHandle; 4], policy: Policy) {
    /// let server: Server<Hello, 4, { LIMITS.store_bytes() }> = Server::new(handles, 80, &LIMITS, policy);
    /// # }
    /// ```
    #[must_use]
    pub fn new(handles: [SocketHandle; N], port: u16, limits: &'static Limits, policy: Policy) -> Self {
        Self::make(handles, port, limits, policy, ())
    }
}

impl<S: Service<Source = Infallible>, const N: usize, const STORE: usize> Server<S, N, STORE, &'static Wakes<N>> {
    /// As [`Self::new`], with what wakes exchanges that wait: see
    /// [`Responder::waker`](wirenut::http::service::Responder::waker).
    ///
    /// # Panics
    /// As [`Self::new`].
    #[must_use]
    pub fn with_wakes(
        handles: [SocketHandle; N],
        port: u16,
        limits: &'static Limits,
        policy: Policy,
        wakes: &'static Wakes<N>,
    ) -> Self {
        Self::make(handles, port, limits, policy, wakes)
    }
}

impl<S: Service<Source = Infallible>, const N: usize, const STORE: usize, W: Wake> Server<S, N, STORE, W> {
    fn make(handles: [SocketHandle; N], port: u16, limits: &'static Limits, policy: Policy, wakes: W) -> Self {
        assert!(limits.store_bytes() <= STORE, "STORE is less than Limits::store_bytes");
        Self { slots: handles.map(Slot::new), reception: Reception::new(port, limits, policy, wakes) }
    }

    /// Does all that can be done now. Call it after each poll of the interface, again until it returns `None`, and
    /// then sleep no longer than the interface and [`Self::poll_timeout`] say.
    ///
    /// `Some`: what went wrong with one of the connections. It is told once, for the log; there is nothing to do.
    ///
    /// `date` is `None` on a device without a clock. Responses are made in `scratch`, which is used during the call only
    /// and must always be of the same length: at least that of the largest head of a response, and 160 bytes for the
    /// answers that the connection makes itself. More of it than a sending ring holds is not used.
    ///
    /// A service is asked only when its ring has room for the smaller of `scratch` and
    /// [`Limits::output_reserve`](wirenut::http::Limits::output_reserve). Keep one of them to half a ring or less: with a
    /// whole ring, each piece of a body waits until the peer has acknowledged the one before.
    #[must_use = "poll again until it returns None"]
    pub fn poll(
        &mut self,
        now: theirs::Instant,
        date: Option<&HttpDate>,
        sockets: &mut SocketSet<'_>,
        service: &S,
        scratch: &mut [u8],
    ) -> Option<Error> {
        let cx = Context { now: clock::from_smoltcp(now), limits: self.reception.limits, date };
        let turn = &mut Turn {
            cx,
            sockets,
            service,
            scratch,
            is_due: self.reception.due <= cx.now,
            error: None,
            is_listening: false,
            has_leaving: false,
            has_newcomer: false,
            opening: (Instant::NEVER, 0),
        };
        // It ends, for each round but the last closes a connection, or finds that it is in use, or is the first in which no
        // socket listens: and nobody comes while we are here.
        while self.look_after_all(turn) {}
        // By another exchange, which was asked later.
        if self.reception.wakes.any() {
            self.reception.look_no_later_than(turn.cx.now);
        }
        turn.error
    }

    /// When to poll again, if nothing happens before: the earliest deadline of the connections, as the last poll left
    /// them, and of the stack, whose own is what `Interface::poll_at` says.
    #[must_use]
    pub fn poll_timeout(&self, stack: Option<theirs::Instant>) -> Option<theirs::Instant> {
        let due = self.reception.due;
        stack.filter(|stack| clock::from_smoltcp(*stack) < due).or_else(|| clock::to_smoltcp(due))
    }

    /// Ends the server in good order: nobody comes in any more, idle connections are closed once the requests that have come
    /// on them are answered, the others after the response in flight. Poll on until [`Self::is_drained`].
    pub fn retire(&mut self) {
        self.reception.admission.drain();
    }

    /// Resets all connections that are left, and stops listening. Poll the interface once more, so that the resets
    /// leave.
    pub fn abort(&mut self, now: theirs::Instant, sockets: &mut SocketSet<'_>, service: &S) {
        self.reception.admission.drain();
        let cx = Context { now: clock::from_smoltcp(now), limits: self.reception.limits, date: None };
        for slot in &mut self.slots {
            if let Phase::Serving(session) = &mut slot.phase {
                session.handle_lost(&cx, service, Rule::HostClosed);
            }
            slot.phase = Phase::Vacant;
            Socket(sockets.get_mut(slot.handle)).abort();
        }
    }

    /// Is everybody gone, after [`Self::retire`] and a poll?
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.reception.admission.is_draining() && self.slots.iter().all(Slot::is_vacant)
    }

    /// How many connections are served.
    #[must_use]
    pub const fn connections(&self) -> u32 {
        self.reception.admission.taken()
    }

    /// One round over all sockets. Whether there is to be another one.
    fn look_after_all(&mut self, turn: &mut Turn<'_, '_, S>) -> bool {
        let Self { slots, reception } = self;
        reception.due = Instant::NEVER;
        turn.is_listening = reception.admission.is_draining();
        (turn.has_leaving, turn.has_newcomer, turn.opening) = (false, false, (Instant::NEVER, 0));
        for (number, slot) in slots.iter_mut().enumerate() {
            reception.proceed(number, slot, turn);
            if turn.error.is_some() {
                return false;
            }
        }
        let was_short = mem::replace(&mut reception.is_short, !turn.is_listening);
        if reception.is_short && !was_short {
            return true;
        }
        self.make_way(turn) && turn.error.is_none()
    }

    /// Where somebody waits for a slot, or no socket listens, so that whoever comes is reset by the stack: has the oldest
    /// handshake give way, once it has had its share, or else a connection, unless a socket is free soon anyway. Whether
    /// one gave way.
    fn make_way(&mut self, turn: &mut Turn<'_, '_, S>) -> bool {
        let Self { slots, reception } = self;
        let now = turn.cx.now;
        if reception.is_short {
            let (since, number) = turn.opening;
            let share_ends = reception.admission.policy().handshake_end(since, false);
            reception.look_no_later_than(share_ends);
            if share_ends <= now
                && let Some(slot) = slots.get_mut(number)
            {
                reception.listen(slot, turn);
                return false;
            }
        }
        if !turn.has_newcomer && (turn.is_listening || turn.has_leaving) {
            return false;
        }
        let Some((number, due)) = reception.admission.next_to_give_way(now) else { return false };
        reception.look_no_later_than(due);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        match slots.get_mut(number) {
            Some(slot) if due <= now => reception.serve(number, slot, true, turn),
            _ => return false,
        }
        true
    }
}
