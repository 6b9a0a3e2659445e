//! One socket of a server, and how far the connection on it is.

use core::convert::Infallible;
use core::net::SocketAddr;
use core::task::Waker;

use smoltcp::iface::SocketHandle;
use wirenut::http::service::{Host, Service, Session};
use wirenut::http::state::State;
use wirenut::http::{Context, Disposition, Error, Limits, Rule};
use wirenut::time::{Duration, Instant};

use crate::socket::{Socket, Stage};

/// How long a reset may wait to leave: longer than it takes to ask a living neighbour for its address. A dead one must
/// not keep the socket.
const RESET_TIME: Duration = Duration::from_secs(1);

/// How long a socket stays in TIME-WAIT, see [`Server`](crate::Server). Longer than an acknowledgement is delayed.
const TIME_WAIT: Duration = Duration::from_millis(100);

pub(crate) struct Slot<S: Service<Source = Infallible>, const STORE: usize> {
    pub(crate) handle: SocketHandle,
    pub(crate) phase: Phase<S>,
    /// What is known of a head, or of a trailer section, of which not all has come.
    store: [u8; STORE],
}

pub(crate) enum Phase<S: Service<Source = Infallible>> {
    /// The socket listens, or holds somebody who is not admitted yet.
    Vacant {
        /// When the handshake that has begun must be complete.
        until: Option<Instant>,
    },
    /// A session speaks.
    Serving {
        session: Session<S>,
        /// Bytes that the peer had not acknowledged when we last looked.
        unacknowledged: usize,
    },
    /// All is said. The last bytes, the ends of both directions, or a reset are on their way.
    Leaving {
        /// When that must be over.
        until: Instant,
        /// How much of that the peer may take to end its direction, once it knows the end of ours.
        linger: Duration,
    },
}

/// What became of a connection that was served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// As it was.
    Same,
    /// In the middle of something.
    Busy,
    /// Between two requests, after having done something.
    Idle,
    /// It waits for a request's head, or for the rest of one.
    Reading,
    /// Not served any more.
    Gone,
}

impl<S: Service<Source = Infallible>, const STORE: usize> Slot<S, STORE> {
    pub(crate) const fn new(handle: SocketHandle) -> Self {
        Self { handle, phase: Phase::Vacant { until: None }, store: [0; STORE] }
    }

    pub(crate) const fn is_vacant(&self) -> bool {
        matches!(self.phase, Phase::Vacant { .. })
    }

    pub(crate) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        match &self.phase {
            Phase::Vacant { until } => *until,
            Phase::Serving { session, .. } => session.poll_timeout(now),
            Phase::Leaving { until, .. } => Some(*until),
        }
    }

    /// Begins to serve whoever is on the socket.
    pub(crate) fn enter(&mut self, cx: &Context<'_>) {
        self.phase = Phase::Serving { session: Session::new(cx), unacknowledged: 0 };
    }

    /// While it serves: lets the session do all that it can, and obeys it.
    pub(crate) fn serve(
        &mut self,
        cx: &Context<'_>,
        waker: &Waker,
        socket: &mut Socket<'_, '_>,
        service: &S,
        scratch: &mut [u8],
    ) -> (Outcome, Option<Error>) {
        let Phase::Serving { session, unacknowledged } = &mut self.phase else {
            return (Outcome::Same, None);
        };
        if socket.is_lost() {
            // Who is gone once all is said has taken it, or does not want it.
            let is_said = session.disposition() == Disposition::ShutdownWrite;
            let lost = session.handle_lost(cx, service, Rule::Reset);
            self.give_up(cx);
            return (Outcome::Gone, lost.error.filter(|_| !is_said));
        }
        let left = socket.unacknowledged();
        if left < *unacknowledged {
            session.handle_sent(cx, unacknowledged.saturating_sub(left), left);
        }
        let was_idle = session.is_idle();
        session.wake();
        let is_due = session.poll_timeout(cx.now).is_some_and(|due| due <= cx.now);
        let (has_moved, error) = if !is_due && is_at_rest(session, socket) {
            (false, None)
        } else {
            drive(session, cx, waker, socket, service, &mut self.store, scratch)
        };
        let waits = socket.unacknowledged();
        if waits > left {
            session.handle_sent(cx, 0, waits);
        }
        *unacknowledged = waits;
        let outcome = match (session.is_idle(), session.connection().states().0) {
            (true, _) if was_idle && !has_moved => Outcome::Same,
            (true, _) => Outcome::Idle,
            (false, State::Idle) => Outcome::Reading,
            (false, _) => Outcome::Busy,
        };
        match session.disposition() {
            Disposition::Open => {}
            Disposition::ShutdownWrite => socket.close(),
            Disposition::Close => {
                self.leave(cx, cx.limits.linger, socket);
                return (Outcome::Gone, error);
            }
            // Answers to earlier requests may wait there.
            Disposition::Abort if waits > 0 => {}
            Disposition::Abort | Disposition::Cut => {
                self.reset(cx, socket);
                return (Outcome::Gone, error);
            }
        }
        (outcome, error)
    }

    /// Ends the connection in good order, behind what was written. When the peer has all of that, it may take the time
    /// to linger to end its direction, too.
    pub(crate) fn leave(&mut self, cx: &Context<'_>, linger: Duration, socket: &mut Socket<'_, '_>) {
        if socket.stage() == Stage::HalfClosed {
            // It had that time, in the session.
            return self.reset(cx, socket);
        }
        socket.close();
        let time = match socket.unacknowledged() {
            0 => cx.limits.linger,
            waits => time_to_take(cx.limits, waits),
        };
        self.phase = Phase::Leaving { until: cx.now.saturating_add(time), linger };
    }

    /// Ends it by a reset.
    pub(crate) fn reset(&mut self, cx: &Context<'_>, socket: &mut Socket<'_, '_>) {
        socket.abort();
        self.give_up(cx);
    }

    /// The socket may listen again.
    pub(crate) fn vacate(&mut self) {
        self.phase = Phase::Vacant { until: None };
    }

    /// There is no connection any more, but a reset that may have to leave yet.
    fn give_up(&mut self, cx: &Context<'_>) {
        self.phase = Phase::Leaving { until: cx.now.saturating_add(RESET_TIME), linger: RESET_TIME };
    }

    /// While it leaves: sees to it that it gets away, and in time.
    pub(crate) fn part(&mut self, cx: &Context<'_>, socket: &mut Socket<'_, '_>) {
        let Phase::Leaving { until, linger } = &mut self.phase else { return };
        // A full ring would keep the peer's end out.
        socket.discard();
        let stage = socket.stage();
        // Counted from when the stage is first seen, for later the sum is later.
        match stage {
            Stage::HalfClosed => *until = (*until).min(cx.now.saturating_add(*linger)),
            Stage::TimeWait => *until = (*until).min(cx.now.saturating_add(TIME_WAIT)),
            Stage::Closed | Stage::Resetting | Stage::Listening | Stage::Opening | Stage::Open | Stage::PeerEnded => {}
        }
        let is_due = *until <= cx.now;
        match stage {
            Stage::Closed | Stage::Listening => self.vacate(),
            Stage::Resetting | Stage::TimeWait if is_due => self.vacate(),
            Stage::Opening | Stage::Open | Stage::HalfClosed | Stage::PeerEnded if is_due => self.reset(cx, socket),
            Stage::Resetting | Stage::TimeWait => {}
            Stage::Opening | Stage::Open | Stage::HalfClosed | Stage::PeerEnded => {}
        }
    }
}

/// How long a peer at the slowest pace that is allowed takes for so many bytes.
fn time_to_take(limits: &Limits, bytes: usize) -> Duration {
    let pace = limits.write;
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let micros = pace.per_byte.saturating_mul(bytes).as_micros().saturating_add(pace.grace.as_micros());
    Duration::from_micros(micros)
}

/// Where a session runs.
struct Place<'a> {
    waker: &'a Waker,
    peer: Option<SocketAddr>,
    output_capacity: usize,
}

impl Host for Place<'_> {
    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn output_capacity(&self) -> usize {
        self.output_capacity
    }
}

/// Does it wait for a request, of which nothing has come? Most polls find it so, and a drive would change nothing.
fn is_at_rest<S: Service<Source = Infallible>>(session: &Session<S>, socket: &Socket<'_, '_>) -> bool {
    session.is_idle() && socket.received() == 0 && !socket.is_ended_by_peer()
}

/// Feeds and drains a session until nothing moves. Whether anything did, and what went wrong.
///
/// It ends, for it takes from one ring and fills another, and neither moves meanwhile by itself.
fn drive<S: Service<Source = Infallible>>(
    session: &mut Session<S>,
    cx: &Context<'_>,
    waker: &Waker,
    socket: &mut Socket<'_, '_>,
    service: &S,
    store: &mut [u8],
    scratch: &mut [u8],
) -> (bool, Option<Error>) {
    let place = Place { waker, peer: socket.peer(), output_capacity: socket.send_capacity().min(scratch.len()) };
    let mut has_moved = false;
    let mut error = None;
    let mut may_end = true;
    loop {
        // Read in place, and written by a copy: smoltcp lends only one of the two rings at a time.
        let (received, room) = (socket.received(), socket.room().min(scratch.len()));
        let room = scratch.get_mut(..room).unwrap_or(&mut []);
        let input = socket.peek();
        let is_all = input.len() == received;
        let driven = session.drive(cx, &place, service, input, store, room);
        socket.consume(driven.taken);
        socket.put(room.get(..driven.written).unwrap_or(&[]));
        error = error.or(driven.error);
        if driven.taken > 0 || driven.written > 0 {
            has_moved = true;
            if is_at_rest(session, socket) {
                return (has_moved, error);
            }
        } else if may_end && is_all && socket.is_ended_by_peer() {
            may_end = false;
            error = error.or(session.handle_eof(cx, service).error);
        } else {
            return (has_moved, error);
        }
    }
}
