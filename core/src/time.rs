//! Time as an argument: the core never reads a clock, its caller says what time it is.
//!
//! Both types count whole microseconds in a `u64` (584,000 years), so that a deadline on a device needs no
//! division and no 128-bit arithmetic. All arithmetic saturates: a deadline too far away is simply never due.

/// A span of time in microseconds.
///
/// ```
/// use wirenut::time::Duration;
/// assert_eq!(Duration::from_secs(2).as_millis(), 2_000);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration {
    micros: u64,
}

impl Duration {
    /// The span of `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// The span of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self { micros: millis.saturating_mul(1_000) }
    }

    /// The span of `secs` seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self { micros: secs.saturating_mul(1_000_000) }
    }

    /// Microseconds in this span.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.micros
    }

    /// Whole milliseconds in this span, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.micros / 1_000
    }

    /// This span `count` times over; saturates.
    #[must_use]
    pub const fn saturating_mul(self, count: u64) -> Self {
        Self { micros: self.micros.saturating_mul(count) }
    }
}

impl From<core::time::Duration> for Duration {
    /// Cuts off what is below a microsecond; saturates.
    fn from(span: core::time::Duration) -> Self {
        Self { micros: u64::try_from(span.as_micros()).unwrap_or(u64::MAX) }
    }
}

impl From<Duration> for core::time::Duration {
    fn from(span: Duration) -> Self {
        Self::from_micros(span.micros)
    }
}

/// A point in time: microseconds since a start that the caller chose (its boot, the start of its process).
/// It must never run backwards.
///
/// ```
/// use wirenut::time::{Duration, Instant};
/// let start = Instant::from_micros(5);
/// let later = start.saturating_add(Duration::from_millis(1));
/// assert!(later > start);
/// assert_eq!(later.saturating_since(start), Duration::from_millis(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant {
    micros: u64,
}

impl Instant {
    /// The start that the caller chose.
    pub const START: Self = Self::from_micros(0);

    /// The point `micros` microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.micros
    }

    /// The point `span` later; saturates.
    #[must_use]
    pub const fn saturating_add(self, span: Duration) -> Self {
        Self { micros: self.micros.saturating_add(span.micros) }
    }

    /// The span since `earlier`, zero if that is later than `self`.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration { micros: self.micros.saturating_sub(earlier.micros) }
    }
}

/// A deadline that may be unarmed, in eight bytes: a connection is measured in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Deadline(u64);

impl Deadline {
    pub(crate) const NEVER: Self = Self(u64::MAX);

    pub(crate) const fn at(instant: Instant) -> Self {
        Self(instant.micros)
    }

    pub(crate) const fn instant(self) -> Option<Instant> {
        if self.0 == u64::MAX { None } else { Some(Instant::from_micros(self.0)) }
    }

    pub(crate) const fn is_due(self, now: Instant) -> bool {
        self.0 <= now.micros && self.0 != u64::MAX
    }
}

/// How slowly a peer may go: a grace to begin with, and then each byte that moves buys a little more time.
///
/// A peer that keeps up `1 s / per_byte` bytes per second is never cut off; a slower one is, once its grace is
/// used up. It never gathers more than `grace` ahead of time, so a fast start does not pay for a stall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// How long nothing at all may move.
    pub grace: Duration,
    /// How much time one byte buys.
    pub per_byte: Duration,
}

impl Pace {
    /// The time left, of which there was `left` before `moved` more bytes.
    pub(crate) fn earn(self, left: Duration, moved: u64) -> Duration {
        let earned = self.per_byte.saturating_mul(moved);
        Duration { micros: left.micros.saturating_add(earned.micros) }.min(self.grace)
    }
}

/// The time that a peer has to take what is written to it: until a deadline while something waits, and so much of it
/// left while nothing does. In eight bytes, as all that a connection keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WriteTime(u64);

impl WriteTime {
    /// The grace of any pace.
    pub(crate) const FULL: Self = Self(u64::MAX);

    /// Nothing waits: the other bits are what is left.
    const STOPPED: u64 = 1 << 63;

    /// What a peer needs to say that it has taken the last byte (the first guess of RFC 6298 §2.1).
    const ROUND_TRIP: Duration = Duration::from_secs(1);

    /// Does something wait?
    pub(crate) const fn is_running(self) -> bool {
        self.0 & Self::STOPPED == 0
    }

    pub(crate) const fn deadline(self) -> Deadline {
        if self.is_running() { Deadline(self.0) } else { Deadline::NEVER }
    }

    /// `moved` more bytes were taken, and some wait.
    pub(crate) fn run(&mut self, pace: Pace, now: Instant, moved: u64) {
        let left = if self.is_running() { pace.earn(self.left(pace, now), moved) } else { self.left(pace, now) };
        self.0 = now.saturating_add(left).as_micros() & !Self::STOPPED;
    }

    /// `moved` more bytes were taken, and nothing waits any more. What is left stays: otherwise a peer could empty a
    /// small buffer once in a grace, for ever. But whoever is sent little at a time is not hurried for it.
    pub(crate) fn stop(&mut self, pace: Pace, now: Instant, moved: u64) {
        if self.is_running() {
            let left = pace.earn(self.left(pace, now), moved).micros.saturating_add(Self::ROUND_TRIP.micros);
            self.0 = left | Self::STOPPED;
        }
    }

    /// Another message begins: what is left is the grace again, unless something of the one before waits.
    pub(crate) const fn refill(&mut self) {
        if !self.is_running() {
            *self = Self::FULL;
        }
    }

    fn left(self, pace: Pace, now: Instant) -> Duration {
        let left = if self.is_running() { self.0.saturating_sub(now.micros) } else { self.0 & !Self::STOPPED };
        Duration { micros: left }.min(pace.grace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { grace: Duration::from_secs(10), per_byte: Duration::from_millis(1) };

    #[test]
    fn a_peer_at_the_pace_is_never_cut_off_and_a_slower_one_is() {
        for (bytes_per_second, survives) in [(1_000, true), (2_000, true), (900, false), (1, false)] {
            let mut left = PACE.grace;
            let mut alive = true;
            for _ in 0..3_600 {
                left = Duration::from_micros(left.as_micros().saturating_sub(1_000_000));
                alive = alive && left > Duration::default();
                left = PACE.earn(left, bytes_per_second);
            }
            assert_eq!(alive, survives, "{bytes_per_second} bytes per second");
        }
    }

    #[test]
    fn who_empties_a_buffer_now_and_then_lives_by_its_pace_and_whoever_is_sent_little_lives() {
        for (bytes, seconds, survives) in [(1_100, 2, true), (1_000, 3, false), (10, 1, true), (10, 2, false)] {
            let mut time = WriteTime::FULL;
            let mut now = Instant::START;
            let mut alive = true;
            for _ in 0..1_000 {
                time.run(PACE, now, 0);
                now = now.saturating_add(Duration::from_secs(seconds));
                alive = alive && !time.deadline().is_due(now);
                time.stop(PACE, now, bytes);
                assert!(!time.is_running() && time.deadline() == Deadline::NEVER);
                now = now.saturating_add(Duration::from_secs(60));
            }
            assert_eq!(alive, survives, "{bytes} bytes in {seconds} s");
            time.refill();
            assert_eq!(time, WriteTime::FULL);
        }
    }

    #[test]
    fn a_fast_start_does_not_pay_for_a_stall() {
        assert_eq!(PACE.earn(Duration::from_secs(1), u64::MAX), PACE.grace);
    }
}
