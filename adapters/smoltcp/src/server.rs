//! The sockets of a server, and who is admitted to them.
//!
//! ```text
//!         admitted, or refused           over             gone
//! vacant ──────────────────────► serving ────► leaving ──────────► vacant
//! ```

use core::convert::Infallible;
use core::task::Waker;

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time as theirs;
use wirenut::http::{Context, Error, HttpDate, Limits, Rule};
use wirenut::readiness::{Admission, Link, Policy, Standing, Verdict};
use wirenut::service::{Service, Serving, Session};
use wirenut::time::Instant;
use wirenut::transport::Environment;

use crate::clock;
use crate::connection::Connection;
use crate::leaving::Leaving;
use crate::slot::{Phase, Slot};
use crate::socket::{Socket, Stage};

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
/// [`Limits::store_bytes`]. An [`Interest`](wirenut::http::Interest) keeps that small.
///
/// See the [crate](crate) for the loop around it.
pub struct Server<S: Service<Source = Infallible>, const N: usize, const STORE: usize> {
    slots: [Slot<S, STORE>; N],
    admission: Admission<[Link; N]>,
    limits: &'static Limits,
    waker: Waker,
    port: u16,
    /// When somebody is to give way, if no socket listens until then, or somebody who queues may come in.
    look_at: Option<Instant>,
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
    /// # use wirenut::http::{Head, Interest, Limits, Response, Status, WriteError};
    /// # use wirenut::readiness::Policy;
    /// # use wirenut::service::{Answer, Service, Step};
    /// # use wirenut_smoltcp::Server;
    /// # struct Hello;
    /// # impl Service for Hello {
    /// #     type Exchange = ();
    /// #     type Source = core::convert::Infallible;
    /// #     fn request(&self, _: &Head<'_>, answer: &mut Answer<'_>) -> Result<((), Step), WriteError> {
    /// #         Ok(((), Step::Done))
    /// #     }
    /// # }
    /// const INTEREST: Interest = Interest { names: &["If-None-Match"], bytes: 198 };
    /// const LIMITS: Limits = Limits { interest: Some(&INTEREST), ..Limits::DEFAULT };
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
            look_at: None,
        }
    }

    /// What [`Answer::waker`](wirenut::service::Answer::waker) hands out. It must see to it that [`Self::poll`] is
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
        let cx = Context { now: clock::from_smoltcp(now), limits: self.limits, date };
        let turn = &mut Turn { cx, now, sockets, service, scratch, error: None };
        self.look_at = None;
        for index in 0..N {
            self.proceed(index, turn);
            if turn.error.is_some() {
                return turn.error;
            }
        }
        self.make_a_socket_listen(turn);
        turn.error
    }

    /// When to poll again, if nothing happens before: the earliest deadline of the connections, and of the stack, whose
    /// own is what `Interface::poll_at` says.
    #[must_use]
    pub fn poll_timeout(&self, now: theirs::Instant, stack: Option<theirs::Instant>) -> Option<theirs::Instant> {
        let now = clock::from_smoltcp(now);
        let mut earliest = stack.map(clock::from_smoltcp);
        let slots = self.slots.iter().map(|slot| match &slot.phase {
            Phase::Vacant { opening_since } => {
                opening_since.map(|since| self.admission.policy().handshake_end(since, true))
            }
            Phase::Serving(session) => session.poll_timeout(now),
            Phase::Leaving(leaving) => Some(leaving.until()),
        });
        for deadline in slots.chain([self.look_at]) {
            earliest = clock::earlier(earliest, deadline);
        }
        earliest.and_then(clock::to_smoltcp)
    }

    /// Ends the server in good order: nobody comes in any more, idle connections are closed, the others after the
    /// response in flight. Poll on until [`Self::is_drained`].
    pub fn retire(&mut self) {
        self.admission.drain();
        for slot in &mut self.slots {
            if let Phase::Serving(session) = &mut slot.phase {
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
            if let Phase::Serving(session) = &mut slot.phase {
                let _ = session.handle_lost(&cx, service, Rule::HostClosed);
            }
            slot.phase = Phase::VACANT;
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

    /// Does what can be done on one socket.
    fn proceed(&mut self, index: usize, turn: &mut Turn<'_, '_, S>) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let mut socket = Socket(turn.sockets.get_mut(slot.handle));
        if let Phase::Leaving(leaving) = &mut slot.phase
            && leaving.proceed(turn.cx.now, &mut socket)
        {
            slot.phase = Phase::VACANT;
        }
        let has_come = match &mut slot.phase {
            Phase::Vacant { opening_since } => {
                let since = opening_since.take();
                match socket.stage() {
                    Stage::TimeWait if self.admission.is_draining() => false,
                    _ if self.admission.is_draining() => {
                        socket.abort();
                        false
                    }
                    Stage::Listening => false,
                    Stage::Opening => {
                        let since = since.unwrap_or(turn.cx.now);
                        *opening_since = Some(since);
                        if self.admission.policy().handshake_end(since, true) <= turn.cx.now {
                            *opening_since = None;
                            socket.listen(self.port);
                        }
                        false
                    }
                    Stage::Closed | Stage::Resetting | Stage::TimeWait => {
                        socket.listen(self.port);
                        false
                    }
                    Stage::Open | Stage::HalfClosed | Stage::PeerEnded => true,
                }
            }
            Phase::Leaving(_) => false,
            Phase::Serving(_) => return self.serve(index, false, turn),
        };
        if has_come {
            self.admit(index, turn);
        }
    }

    /// Somebody has come.
    fn admit(&mut self, index: usize, turn: &mut Turn<'_, '_, S>) {
        let verdict = loop {
            match self.admission.arrive(turn.cx.now) {
                Verdict::Evict(slot) => self.make_way(slot, turn),
                verdict => break verdict,
            }
            // What went wrong is told first. Whoever has come is asked about again.
            if turn.error.is_some() {
                return;
            }
        };
        let Some(slot) = self.slots.get_mut(index) else { return };
        slot.is_admitted = verdict == Verdict::Admit;
        slot.phase = Phase::Serving(match verdict {
            Verdict::Admit => Session::new(&turn.cx),
            Verdict::Refuse => Session::refusing(&turn.cx),
            // It stays in its socket, and is asked about again. (The others do not come here.)
            Verdict::Queue | Verdict::Evict(_) | Verdict::Close => {
                return self.look_no_later_than(self.admission.poll_timeout(turn.cx.now));
            }
        });
        slot.connection = Connection::new();
        self.serve(index, false, turn);
    }

    fn make_way(&mut self, slot: u32, turn: &mut Turn<'_, '_, S>) {
        self.serve(usize::try_from(slot).unwrap_or(usize::MAX), true, turn);
    }

    /// Lets a connection go on, or away. `gives_way`: somebody else is to have its socket, if the law of admission allows
    /// that.
    fn serve(&mut self, index: usize, gives_way: bool, turn: &mut Turn<'_, '_, S>) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let Phase::Serving(session) = &mut slot.phase else { return };
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let now = turn.cx.now;
        let socket = turn.sockets.get_mut::<tcp::Socket<'_>>(slot.handle);
        let (peer, waker, connection) = (socket.remote_endpoint(), &self.waker, &mut slot.connection);
        let environment = Environment {
            waker: &|| waker.clone(),
            peer: &|| peer.map(Into::into),
            output_capacity: socket.send_capacity().min(turn.scratch.len()),
        };
        session.wake();
        let mut serving =
            Serving { session, service: turn.service, cx: turn.cx, environment: &environment, error: None };
        let is_spared = gives_way && !serving.give_way(socket.recv_queue() > 0);
        let is_over = !is_spared && connection.poll(turn.now, socket, &mut serving, &mut slot.store, turn.scratch);
        turn.error = serving.error;
        if is_over || (gives_way && connection.conversation().is_shut()) {
            let mut leaving = Leaving::begin(now, &Socket(socket), turn.cx.limits.linger);
            if gives_way {
                leaving.hurry(now);
            }
            slot.phase = Phase::Leaving(leaving);
            if slot.is_admitted {
                self.admission.release(number);
            }
        } else if slot.is_admitted {
            // Whoever was to give way, and does not, is not asked again before it has done something.
            let standing = if gives_way { Some(Standing::Busy) } else { connection.standing_change(&serving) };
            if let Some(standing) = standing {
                self.admission.set_standing(number, standing, now);
            }
        }
    }

    fn look_no_later_than(&mut self, at: Option<Instant>) {
        self.look_at = clock::earlier(self.look_at, at);
    }

    /// If no socket listens, whoever comes is reset by the stack. So one is made free: of a connection that is over, or was
    /// refused, and lingers; of a handshake that has had its share; of a connection that is to give way.
    fn make_a_socket_listen(&mut self, turn: &mut Turn<'_, '_, S>) {
        let now = turn.cx.now;
        let is_listening = |slot: &Slot<S, STORE>| turn.sockets.get::<tcp::Socket<'_>>(slot.handle).is_listening();
        if self.admission.is_draining() || self.slots.iter().any(is_listening) {
            return;
        }
        let (mut is_one_leaving, mut opening) = (false, None::<(Instant, usize)>);
        for index in 0..N {
            let Some(slot) = self.slots.get_mut(index) else { continue };
            match &mut slot.phase {
                Phase::Vacant { opening_since: Some(since) } => {
                    if opening.is_none_or(|(oldest, _)| *since < oldest) {
                        opening = Some((*since, index));
                    }
                }
                Phase::Leaving(leaving) => {
                    leaving.hurry(now);
                    self.proceed(index, turn);
                    is_one_leaving = true;
                }
                Phase::Serving(_) if !slot.is_admitted && slot.connection.conversation().is_shut() => {
                    self.serve(index, true, turn);
                    is_one_leaving = true;
                }
                Phase::Vacant { .. } | Phase::Serving(_) => {}
            }
        }
        if let Some((since, index)) = opening {
            let share_ends = self.admission.policy().handshake_end(since, false);
            self.look_no_later_than(Some(share_ends));
            if share_ends <= now
                && let Some(slot) = self.slots.get_mut(index)
            {
                slot.phase = Phase::VACANT;
                Socket(turn.sockets.get_mut(slot.handle)).listen(self.port);
                is_one_leaving = true;
            }
        }
        if !is_one_leaving && let Some((slot, due)) = self.admission.next_to_give_way(now) {
            self.look_no_later_than(Some(due));
            if due <= now {
                self.make_way(slot, turn);
            }
        }
    }
}

/// What one poll works with.
struct Turn<'t, 's, S> {
    cx: Context<'t>,
    now: theirs::Instant,
    sockets: &'t mut SocketSet<'s>,
    service: &'t S,
    scratch: &'t mut [u8],
    /// What went wrong: told before anything else is done.
    error: Option<Error>,
}
