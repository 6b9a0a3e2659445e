//! The way of a socket from the end of its protocol until it may be used again.

use smoltcp::socket::tcp;
use smoltcp::time as theirs;
use wirenut::readiness::Policy;
use wirenut::tcp::state::State;
use wirenut::time::{Duration, Instant};

use crate::clock;
use crate::socket::Socket;

/// How long a reset may wait to leave: longer than it takes to ask a living neighbour for its address. A dead one must
/// not keep the socket.
const RESET_TIME: Duration = Duration::from_secs(1);

/// How long a socket stays in TIME-WAIT, see [`Server`](crate::Server). Longer than an acknowledgement is delayed.
const TIME_WAIT: Duration = Duration::from_millis(100);

/// Longer than anything.
const FOR_EVER: Duration = Duration::from_micros(u64::MAX);

/// A socket whose connection is over: the ends of both directions, or a reset, are on their way. smoltcp by itself waits
/// for a peer without end; this gives it a time. What still comes is thrown away.
///
/// See [`Connection`](crate::Connection) for the loop around it.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    /// When it must be over.
    until: Instant,
}

impl Leaving {
    /// The peer may take the time `linger` to end its direction.
    #[must_use]
    pub fn new(now: theirs::Instant, socket: &mut tcp::Socket<'_>, linger: theirs::Duration) -> Self {
        let linger = Duration::from_micros(linger.total_micros());
        Self::begin(clock::from_smoltcp(now), &Socket(socket), linger)
    }

    pub(crate) fn begin(now: Instant, socket: &Socket<'_, '_>, linger: Duration) -> Self {
        let time = if socket.is_lost() { RESET_TIME } else { linger };
        Self { until: now.saturating_add(time) }
    }

    /// Sees to it that the socket gets away, and in time. Call it after each poll of the interface, and at
    /// [`Self::poll_timeout`]. `true`: the socket is free. It may listen or connect; it is in TIME-WAIT for at most 100 ms.
    #[must_use = "the socket may be free"]
    pub fn poll(&mut self, now: theirs::Instant, socket: &mut tcp::Socket<'_>) -> bool {
        self.proceed(clock::from_smoltcp(now), false, &mut Socket(socket))
    }

    /// When to poll again, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> theirs::Instant {
        clock::to_smoltcp(self.until).unwrap_or(theirs::Instant::from_micros_const(i64::MAX))
    }

    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    /// `is_short`: somebody else may want the socket. So it is free as soon as the peer has acknowledged our end.
    pub(crate) fn proceed(&mut self, now: Instant, is_short: bool, socket: &mut Socket<'_, '_>) -> bool {
        // A full ring would keep the peer's end out.
        socket.discard();
        let state = socket.state();
        let time = match (state, is_short) {
            (State::FinWait2 | State::TimeWait, true) => Duration::default(),
            (State::TimeWait, false) => TIME_WAIT,
            (_, true) => Policy::LEAVING_TIME,
            (_, false) => FOR_EVER,
        };
        // Counted from when that is first seen, for later the sum is later.
        self.until = self.until.min(now.saturating_add(time));
        let is_due = self.until <= now;
        if matches!(state, State::Closed | State::Listen | State::TimeWait) {
            let must_wait = state == State::TimeWait || socket.is_resetting();
            return is_due || !must_wait;
        }
        if is_due {
            socket.abort();
            self.until = now.saturating_add(RESET_TIME);
        }
        false
    }
}
