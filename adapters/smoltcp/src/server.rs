//! The sockets of a server, and who is admitted to them.
//!
//! ```text
//!            admitted              said all               gone
//! vacant ──────────────► serving ───────────► leaving ──────────► vacant
//!    └────────────────── refused ─────────────────▲
//! ```

use core::convert::Infallible;
use core::task::Waker;

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::time as theirs;
use wirenut::http::service::Service;
use wirenut::http::{Context, Error, HttpDate, Limits, Rule};
use wirenut::readiness::{Admission, Link, Policy, Verdict};
use wirenut::time::{Duration, Instant};

use crate::clock;
use crate::slot::{Outcome, Phase, Slot};
use crate::socket::{Socket, Stage};

/// What a connection is told for which there is no slot.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Serves HTTP/1.x on `N` sockets.
///
/// All sockets listen on one port, for smoltcp has no queue of connections: a connection that finds no socket
/// listening is reset by the stack. A socket listens again as soon as its connection is gone. Three things see to it
/// that this is soon:
///
/// - Every state has a deadline out of [`Limits`], also those of the stack: a handshake takes at most
///   [`Limits::head`], a peer that does not end its direction is reset after [`Limits::linger`], one that does not
///   acknowledge the last bytes after [`Limits::write`]. The sockets need no time-out of their own.
/// - TIME-WAIT is cut from smoltcp's 10 s to a tenth of a second, or less if no socket listens. It has two purposes (RFC 9293 §3.6.1): to repeat the
///   last acknowledgement, and to keep old segments from a new connection of the same two ports. Without it a peer
///   whose last acknowledgement was lost sees a reset after both directions were complete, which costs it nothing; and
///   old segments must hit the window of a connection with a fresh initial sequence number. A socket lost for ten
///   seconds, of four, costs clients more.
/// - Idle connections are closed in favour of new ones, if the policy says so: they are reset as soon as the peer has
///   acknowledged the end of our direction.
///
/// `STORE` bytes of each connection hold what is known of a head, or of a trailer section, of which not all has come:
/// [`Limits::store_bytes`]. An [`FieldFilter`](wirenut::http::FieldFilter) keeps that small.
///
/// See the [crate](crate) for the loop around it.
pub struct Server<S: Service<Source = Infallible>, const N: usize, const STORE: usize> {
    slots: [Slot<S, STORE>; N],
    admission: Admission<[Link; N]>,
    limits: &'static Limits,
    waker: Waker,
    port: u16,
    /// When a connection is to give way, if no socket listens until then.
    evict_at: Option<Instant>,
    /// Somebody was admitted in this poll and is to be served.
    has_admitted: bool,
    /// A socket listens, as far as this poll has seen.
    is_listening: bool,
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
    /// - `slots < N`: the sockets beyond the slots hear those who come when all slots are taken. With `evict_idle` an
    ///   connection gives way only then, for them; otherwise `WhenFull::Refuse` answers 503, and
    ///   `WhenFull::Queue` leaves them in their socket, unanswered, until a slot is free.
    ///
    /// A connection is idle for this purpose between two requests, not before its first.
    ///
    /// # Panics
    /// Where `STORE` is less than [`Limits::store_bytes`]: requests would be refused that the limits allow.
    ///
    /// ```
    /// # use smoltcp::iface::SocketHandle;
    /// # use wirenut::http::{RequestHead, FieldFilter, Limits, Response, Status, WriteError};
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
        assert!(limits.store_bytes() <= STORE, "STORE is less than Limits::store_bytes");
        Self {
            slots: handles.map(Slot::new),
            admission: Admission::new(policy, [Link::NEW; N]),
            limits,
            waker: Waker::noop().clone(),
            port,
            evict_at: None,
            has_admitted: false,
            is_listening: false,
        }
    }

    /// What [`Responder::waker`](wirenut::http::service::Responder::waker) hands out. It must see to it that [`Self::poll`] is
    /// called soon; every poll asks the exchanges that wait.
    ///
    /// Not needed where the loop never sleeps through an interrupt, or where no service waits for one. An async
    /// firmware gives its task's waker.
    pub fn set_waker(&mut self, waker: Waker) {
        self.waker = waker;
    }

    /// Does all that can be done now. Call it after each poll of the interface, again until it returns `None`, and
    /// then sleep no longer than the interface and [`Self::poll_timeout`] say.
    ///
    /// `Some`: what went wrong with one of the connections. It is told once, for the log; there is nothing to do.
    ///
    /// `date` is `None` on a device without a clock. Responses are made in `scratch`, which is used during the call only
    /// and must always be of the same length: at least that of the largest head of a response, and 160 bytes for the
    /// answers that the connection makes itself. More of it than a sending ring holds is not used.
    #[must_use = "poll again until it returns None"]
    pub fn poll(
        &mut self,
        now: theirs::Instant,
        date: Option<&HttpDate>,
        sockets: &mut SocketSet<'_>,
        service: &S,
        scratch: &mut [u8],
    ) -> Option<Error> {
        let now = clock::from_smoltcp(now);
        loop {
            for slot in 0..N {
                let error = self.serve(slot, now, date, sockets, service, scratch);
                if error.is_some() {
                    return error;
                }
            }
            // After all were served: a request that has come already saves its connection from being closed as idle.
            self.has_admitted = false;
            self.is_listening = false;
            for slot in 0..N {
                self.admit(slot, now, sockets);
            }
            // Nobody comes while we are here, so this ends.
            if !self.has_admitted {
                break;
            }
        }
        self.evict_at = None;
        if !self.is_listening && !self.admission.is_draining() {
            self.make_a_socket_listen(now, sockets);
        }
        None
    }

    /// When to poll again, if nothing happens before: the earliest deadline of the connections, and of the stack, whose
    /// own is what `Interface::poll_at` says.
    #[must_use]
    pub fn poll_timeout(&self, now: theirs::Instant, stack: Option<theirs::Instant>) -> Option<theirs::Instant> {
        let now = clock::from_smoltcp(now);
        let mut earliest = stack.map(clock::from_smoltcp);
        let slots = self.slots.iter().map(|slot| slot.poll_timeout(now));
        for deadline in slots.chain([self.evict_at]) {
            if let Some(deadline) = deadline
                && earliest.is_none_or(|earliest| deadline < earliest)
            {
                earliest = Some(deadline);
            }
        }
        earliest.and_then(clock::to_smoltcp)
    }

    /// Ends the server in good order: nobody comes in any more, idle connections are closed, the others after the
    /// response in flight. Poll on until [`Self::is_drained`].
    pub fn retire(&mut self) {
        self.admission.drain();
        for slot in &mut self.slots {
            if let Phase::Serving { session, .. } = &mut slot.phase {
                session.retire();
            }
        }
    }

    /// Resets all connections that are left, and stops listening. Poll the interface once more, so that the resets
    /// leave.
    pub fn abort(&mut self, now: theirs::Instant, sockets: &mut SocketSet<'_>, service: &S) {
        self.admission.drain();
        let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date: None };
        for slot in &mut self.slots {
            if let Phase::Serving { session, .. } = &mut slot.phase {
                let _ = session.handle_lost(&cx, service, Rule::HostClosed);
            }
            slot.phase = Phase::Vacant { until: None };
            Socket(sockets.get_mut(slot.handle)).abort();
        }
    }

    /// Is everybody gone, after [`Self::retire`] and a poll?
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.admission.is_draining() && self.slots.iter().all(Slot::is_vacant)
    }

    /// How many connections are served.
    #[must_use]
    pub const fn connections(&self) -> u32 {
        self.admission.taken()
    }

    /// Lets the connection of a slot go on, or away.
    fn serve(
        &mut self,
        index: usize,
        now: Instant,
        date: Option<&HttpDate>,
        sockets: &mut SocketSet<'_>,
        service: &S,
        scratch: &mut [u8],
    ) -> Option<Error> {
        let slot = self.slots.get_mut(index).filter(|slot| !slot.is_vacant())?;
        let mut socket = Socket(sockets.get_mut(slot.handle));
        let cx = Context { now, limits: self.limits, date };
        let (outcome, error) = slot.serve(&cx, &self.waker, &mut socket, service, scratch);
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        match outcome {
            Outcome::Same => {}
            Outcome::Busy => self.admission.set_busy(number),
            Outcome::Idle => self.admission.set_idle(number, now),
            Outcome::Reading => self.admission.set_reading(number, now),
            Outcome::Gone => {
                self.admission.release(number);
            }
        }
        slot.part(&cx, &mut socket);
        error
    }

    /// Sees to it that a vacant socket listens, and decides on who has come.
    fn admit(&mut self, index: usize, now: Instant, sockets: &mut SocketSet<'_>) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let Phase::Vacant { until } = &mut slot.phase else { return };
        let mut socket = Socket(sockets.get_mut(slot.handle));
        let cx = Context { now, limits: self.limits, date: None };
        let opened = until.take();
        match socket.stage() {
            Stage::Closed | Stage::Resetting | Stage::TimeWait if self.admission.is_draining() => {}
            Stage::Listening | Stage::Opening if self.admission.is_draining() => socket.abort(),
            Stage::Closed | Stage::Resetting | Stage::TimeWait => {
                socket.listen(self.port);
                self.is_listening = true;
            }
            Stage::Listening => self.is_listening = true,
            Stage::Opening => match opened {
                Some(due) if due <= now => slot.reset(&cx, &mut socket),
                due => *until = Some(due.unwrap_or(now.saturating_add(self.limits.head))),
            },
            Stage::Open | Stage::HalfClosed | Stage::PeerEnded => self.decide(index, now, sockets),
        }
    }

    /// Somebody has come.
    fn decide(&mut self, index: usize, now: Instant, sockets: &mut SocketSet<'_>) {
        let mut verdict = self.admission.arrive(now);
        while let Verdict::Evict(idle) = verdict {
            self.evict(idle, now, sockets);
            verdict = self.admission.arrive(now);
        }
        let Some(slot) = self.slots.get_mut(index) else { return };
        let mut socket = Socket(sockets.get_mut(slot.handle));
        let cx = Context { now, limits: self.limits, date: None };
        match verdict {
            Verdict::Admit => {
                slot.enter(&cx);
                self.has_admitted = true;
            }
            Verdict::Refuse => {
                if socket.room() >= REFUSAL.len() {
                    socket.put(REFUSAL);
                }
                slot.leave(&cx, cx.limits.linger, &mut socket);
            }
            Verdict::Close => slot.leave(&cx, cx.limits.linger, &mut socket),
            // It stays in its socket, and is asked about again. (Evictions were dealt with above.)
            Verdict::Queue | Verdict::Evict(_) => {}
        }
    }

    /// Closes an idle connection, for somebody else.
    fn evict(&mut self, idle: u32, now: Instant, sockets: &mut SocketSet<'_>) {
        self.admission.release(idle);
        let Some(slot) = usize::try_from(idle).ok().and_then(|index| self.slots.get_mut(index)) else { return };
        let cx = Context { now, limits: self.limits, date: None };
        // It has all that it asked for, and somebody else waits for its socket: so no time to linger.
        slot.leave(&cx, Duration::default(), &mut Socket(sockets.get_mut(slot.handle)));
    }

    /// No socket listens, and whoever comes then is reset by the stack. So a socket in TIME-WAIT is taken out of
    /// it, or else an idle connection is closed, unless a socket will be free soon anyway.
    fn make_a_socket_listen(&mut self, now: Instant, sockets: &mut SocketSet<'_>) {
        let (mut time_wait, mut is_one_leaving) = (None, false);
        for (index, slot) in self.slots.iter().enumerate() {
            let stage = Socket(sockets.get_mut(slot.handle)).stage();
            match (&slot.phase, stage) {
                (Phase::Leaving { .. }, Stage::TimeWait) => time_wait = Some(index),
                (Phase::Leaving { .. }, _) => is_one_leaving = true,
                (Phase::Vacant { .. } | Phase::Serving { .. }, _) => {}
            }
        }
        if let Some(index) = time_wait {
            if let Some(slot) = self.slots.get_mut(index) {
                slot.vacate();
            }
            self.admit(index, now, sockets);
        } else if let (false, Some((slot, due))) = (is_one_leaving, self.admission.next_to_give_way(now)) {
            if due <= now {
                self.evict(slot, now, sockets);
            } else {
                self.evict_at = Some(due);
            }
        }
    }
}
