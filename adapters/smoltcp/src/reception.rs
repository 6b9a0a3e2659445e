//! Who comes in to a server, is served, and goes.
//!
//! ```text
//!              SYN            admitted, or refused         over           gone
//! vacant ─────────► opening ──────────────────────► serving ───► leaving ─────► vacant
//! ```

use core::convert::Infallible;

use smoltcp::iface::SocketSet;
use wirenut::http::service::{Service, Serving, Session};
use wirenut::http::state;
use wirenut::http::{Context, Error, Limits, Rule};
use wirenut::readiness::{Admission, Policy, Since, Standing, Verdict};
use wirenut::tcp::state::State;
use wirenut::time::Instant;
use wirenut::transport::{Environment, Protocol};

use crate::connection::Connection;
use crate::leaving::Leaving;
use crate::slot::{Phase, Slot};
use crate::socket::Socket;
use crate::wakes::Wake;

/// What a server keeps beside its slots.
pub(crate) struct Reception<const N: usize, W> {
    pub(crate) admission: Admission<[Since; N]>,
    pub(crate) limits: &'static Limits,
    pub(crate) wakes: W,
    /// When the next poll is due, as far as the last round knew.
    pub(crate) due: Instant,
    port: u16,
    /// In the last round no socket listened: so who lingers is not waited for.
    pub(crate) is_short: bool,
}

/// What one poll works with.
pub(crate) struct Turn<'t, 's, S> {
    pub(crate) cx: Context<'t>,
    pub(crate) sockets: &'t mut SocketSet<'s>,
    pub(crate) service: &'t S,
    pub(crate) scratch: &'t mut [u8],
    /// A deadline has come, as far as the last poll knew.
    pub(crate) is_due: bool,
    /// What went wrong: told before anything else is done.
    pub(crate) error: Option<Error>,
    /// In this round a socket listens, or none is to.
    pub(crate) is_listening: bool,
    /// In this round a socket is free soon.
    pub(crate) has_leaving: bool,
    /// In this round somebody has come who waits for a slot.
    pub(crate) has_newcomer: bool,
    /// In this round the oldest handshake that is not complete: when it began, and on which socket.
    pub(crate) opening: (Instant, usize),
}

impl<const N: usize, W: Wake> Reception<N, W> {
    pub(crate) fn new(port: u16, limits: &'static Limits, policy: Policy, wakes: W) -> Self {
        Self {
            admission: Admission::new(policy, [Since::BUSY; N]),
            limits,
            wakes,
            due: Instant::START,
            port,
            is_short: false,
        }
    }

    // In eight places it would be larger than a call.
    #[inline(never)]
    pub(crate) fn look_no_later_than(&mut self, at: Instant) {
        self.due = self.due.min(at);
    }

    /// Does what can be done on one socket.
    // Out of line: smaller than as a part of the firmware's loop.
    #[inline(never)]
    pub(crate) fn proceed<S: Service<Source = Infallible>, const STORE: usize>(
        &mut self,
        number: usize,
        slot: &mut Slot<S, STORE>,
        turn: &mut Turn<'_, '_, S>,
    ) {
        let mut socket = Socket(turn.sockets.get_mut(slot.handle));
        let mut since = turn.cx.now;
        match &mut slot.phase {
            Phase::Serving(session) => {
                let gives_way = self.is_short && is_refused(session) && slot.connection.conversation().is_shut();
                return self.serve(number, slot, gives_way, turn);
            }
            Phase::Leaving(leaving) => {
                if !leaving.proceed(since, self.is_short, &mut socket) {
                    turn.has_leaving = true;
                    return self.look_no_later_than(leaving.until());
                }
            }
            Phase::Opening(begun) => since = *begun,
            Phase::Vacant => {}
        }
        slot.phase = Phase::Vacant;
        let state = socket.state();
        if self.admission.is_draining() {
            if state != State::TimeWait {
                socket.abort();
            }
            return;
        }
        match state {
            State::SynSent | State::SynReceived => {
                let end = self.admission.policy().handshake_end(since, true);
                if end <= turn.cx.now {
                    return self.listen(slot, turn);
                }
                slot.phase = Phase::Opening(since);
                if since < turn.opening.0 {
                    turn.opening = (since, number);
                }
                self.look_no_later_than(end);
            }
            State::Closed | State::TimeWait => self.listen(slot, turn),
            State::Listen => turn.is_listening = true,
            State::Established | State::FinWait1 | State::FinWait2 => self.admit(number, slot, turn),
            State::CloseWait | State::Closing | State::LastAck => self.admit(number, slot, turn),
        }
    }

    /// Has a socket listen, whatever was on it.
    pub(crate) fn listen<S: Service<Source = Infallible>, const STORE: usize>(
        &mut self,
        slot: &mut Slot<S, STORE>,
        turn: &mut Turn<'_, '_, S>,
    ) {
        slot.phase = Phase::Vacant;
        Socket(turn.sockets.get_mut(slot.handle)).listen(self.port);
        turn.is_listening = true;
    }

    /// Somebody has come.
    fn admit<S: Service<Source = Infallible>, const STORE: usize>(
        &mut self,
        number: usize,
        slot: &mut Slot<S, STORE>,
        turn: &mut Turn<'_, '_, S>,
    ) {
        let verdict = self.admission.arrive(turn.cx.now);
        if !matches!(verdict, Verdict::Admit | Verdict::Refuse) {
            // It stays in its socket, and is asked about again. Who is to give way for it is decided after the round: by
            // then a request that came with it has saved its connection.
            turn.has_newcomer = true;
            return;
        }
        let mut session = Session::new(&turn.cx);
        if verdict == Verdict::Refuse {
            session.refuse(&turn.cx);
        }
        slot.phase = Phase::Serving(session);
        slot.connection = Connection::new();
        self.serve(number, slot, false, turn);
    }

    /// Lets a connection go on, or away. `gives_way`: somebody else is to have its place, if the law of admission allows
    /// that.
    pub(crate) fn serve<S: Service<Source = Infallible>, const STORE: usize>(
        &mut self,
        number: usize,
        slot: &mut Slot<S, STORE>,
        gives_way: bool,
        turn: &mut Turn<'_, '_, S>,
    ) {
        let Phase::Serving(session) = &mut slot.phase else { return };
        let socket = &mut Socket(turn.sockets.get_mut(slot.handle));
        let (peer, wakes, connection) = (socket.0.remote_endpoint(), self.wakes, &mut slot.connection);
        let environment = Environment {
            waker: &|| wakes.waker(number),
            peer: &|| peer.map(Into::into),
            output_capacity: socket.0.send_capacity().min(turn.scratch.len()),
        };
        let is_admitted = !is_refused(session);
        if wakes.take(number) {
            session.wake();
        }
        // A request that has come is answered first.
        let is_between = matches!(session.connection().states().1, state::State::Idle | state::State::Done);
        if self.admission.is_draining() && !(is_between && socket.received() > 0) {
            session.retire();
        }
        let mut serving = Serving { session, service: turn.service, cx: turn.cx, environment: &environment };
        let is_spared = gives_way && !serving.give_way(socket.received() > 0);
        let is_over = !is_spared
            && connection.proceed(turn.cx.now, turn.is_due, socket, &mut serving, &mut slot.store, turn.scratch);
        turn.error = serving.session.take_error();
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let due = if is_over || (gives_way && connection.conversation().is_shut()) {
            let leaving = Leaving::begin(turn.cx.now, socket, turn.cx.limits.linger);
            slot.phase = Phase::Leaving(leaving);
            turn.has_leaving = true;
            if is_admitted {
                self.admission.release(number);
            }
            leaving.until()
        } else {
            // Whoever was to give way, and does not, is not asked again before it has done something.
            let standing = if gives_way { Some(Standing::Busy) } else { connection.standing_change(&serving) };
            if is_admitted && let Some(standing) = standing {
                self.admission.set_standing(number, standing, turn.cx.now);
            }
            serving.poll_timeout().unwrap_or(Instant::NEVER)
        };
        self.look_no_later_than(due);
    }
}

/// Does it not count for admission?
fn is_refused<S: Service>(session: &Session<S>) -> bool {
    session.connection().error().is_some_and(|error| error.rule == Rule::Overloaded)
}
