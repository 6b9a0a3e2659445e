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

    /// Later than any time that comes: what is due then is never due.
    pub const NEVER: Self = Self::from_micros(u64::MAX);

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
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub const fn saturating_add(self, span: Duration) -> Self {
        Self { micros: self.micros.saturating_add(span.micros) }
    }

    /// `None` in place of [`Self::NEVER`].
    #[inline(always)]
    pub(crate) fn unless_never(self) -> Option<Self> {
        (self != Self::NEVER).then_some(self)
    }

    /// The span since `earlier`, zero if that is later than `self`.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration { micros: self.micros.saturating_sub(earlier.micros) }
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
    /// How much time one byte buys: at most 71 minutes, and no more than that is counted.
    pub per_byte: Duration,
}

/// A span of time that runs until it is over, or stands still, in four bytes: a connection is measured in bytes.
///
/// Counted in milliseconds, in 31 bits that may wrap around. A span is at most [`Timer::LONGEST`] (12 days), and whoever
/// looks at it so long after its end takes it for one that lies ahead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timer(u32);

impl Timer {
    /// Stands still: the other bits are what is left. Otherwise they are the millisecond at which the time is over.
    const STOPPED: u32 = 1 << 31;
    const MILLIS: u32 = Self::STOPPED.wrapping_sub(1);
    const LONGEST: u32 = 1 << 30;

    /// As much as there can be: the grace of any pace.
    pub(crate) const FULL: Self = Self(Self::STOPPED | Self::LONGEST);

    /// Stands still, with so much time left.
    pub(crate) fn stopped(span: Duration) -> Self {
        Self(Self::STOPPED | millis(span))
    }

    pub(crate) const fn is_running(self) -> bool {
        self.0 & Self::STOPPED == 0
    }

    /// Runs from now on; goes on if it does already.
    #[inline]
    pub(crate) fn start(&mut self, now: Instant) {
        if !self.is_running() {
            *self = Self::until(now, self.0 & Self::MILLIS);
        }
    }

    /// Stands still from now on, with what is left.
    #[inline]
    pub(crate) fn stop(&mut self, now: Instant) {
        self.0 = self.left(now) | Self::STOPPED;
    }

    /// Runs, with so much time from now on.
    pub(crate) fn restart(&mut self, now: Instant, span: Duration) {
        *self = Self::until(now, millis(span));
    }

    /// Runs, with at most so much time from now on.
    pub(crate) fn shorten(&mut self, now: Instant, span: Duration) {
        *self = Self::until(now, self.left(now).min(millis(span)));
    }

    fn until(now: Instant, left: u32) -> Self {
        let (begun, into) = split(now.micros);
        // One more where a part of this millisecond is over, so that the time is never over too early.
        Self(begun.wrapping_add(left).wrapping_add(u32::from(into != 0)) & Self::MILLIS)
    }

    /// Milliseconds that are left.
    fn left(self, now: Instant) -> u32 {
        if !self.is_running() {
            return self.0 & Self::MILLIS;
        }
        self.left_at(split(now.micros).0)
    }

    /// What is left at this millisecond, if it runs.
    fn left_at(self, millis: u32) -> u32 {
        let left = self.0.wrapping_sub(millis) & Self::MILLIS;
        if left > Self::LONGEST.wrapping_add(1) { 0 } else { left }
    }

    /// Is it over?
    #[inline]
    pub(crate) fn is_due(self, now: Instant) -> bool {
        self.is_running() && self.left(now) == 0
    }

    /// When the first of those that run is over, if one runs.
    pub(crate) fn first_deadline(timers: [Self; 2], now: Instant) -> Instant {
        let (millis, into) = split(now.micros);
        let [one, other] = timers.map(|timer| if timer.is_running() { timer.left_at(millis) } else { Self::STOPPED });
        let first = one.min(other);
        if first == Self::STOPPED {
            return Instant::NEVER;
        }
        // Neither factor has more than 31 bits, and `into` is a part of `now`.
        let left = u64::from(first).wrapping_mul(1_000);
        let begun = Instant::from_micros(now.micros.wrapping_sub(u64::from(into)));
        begun.saturating_add(Duration::from_micros(left))
    }

    /// `moved` more bytes moved at this pace, while it stood still.
    pub(crate) fn earn(&mut self, pace: Pace, moved: usize) {
        let low = |number: u64| u64::from(u32::try_from(number).unwrap_or(u32::MAX));
        // Of two numbers of 32 bits, so that a device multiplies once.
        let earned = low(pace.per_byte.micros).wrapping_mul(low(u64::try_from(moved).unwrap_or(u64::MAX)));
        let earned = millis(Duration { micros: earned });
        let left = (self.0 & Self::MILLIS).saturating_add(earned).min(millis(pace.grace));
        self.0 = left | Self::STOPPED;
    }

    /// Of what is written, `moved` more bytes were taken. It runs, at this pace, while some wait. Whether it did before.
    ///
    /// Where nothing waits any more, what is left stays: otherwise a peer could empty a small buffer once in a grace, for
    /// ever. But whoever is sent little at a time is not hurried for it.
    pub(crate) fn note_moved(&mut self, pace: Pace, now: Instant, moved: usize, some_wait: bool) -> bool {
        let was_running = self.is_running();
        if was_running || some_wait {
            self.stop(now);
            self.earn(pace, if was_running { moved } else { 0 });
            if some_wait {
                self.start(now);
            } else {
                self.0 = (self.0 & Self::MILLIS).saturating_add(Self::ROUND_TRIP).min(Self::LONGEST) | Self::STOPPED;
            }
        }
        was_running
    }

    /// What a peer needs to say that it has taken the last byte (the first guess of RFC 6298 §2.1): one second.
    const ROUND_TRIP: u32 = 1_000;

    /// Another message begins: as much time as there can be, unless something of the one before waits.
    pub(crate) const fn refill(&mut self) {
        if !self.is_running() {
            *self = Self::FULL;
        }
    }
}

/// The low 32 bits of the whole milliseconds in so many microseconds, and the microseconds beyond them.
#[inline]
fn split(micros: u64) -> (u32, u32) {
    if cfg!(target_pointer_width = "64") { (low(micros / 1_000), low(micros % 1_000)) } else { split_by_words(micros) }
}

/// The same on a device, which has no division of 64 bits. It divides 32 bits, though, which gives the rest; and what is
/// divisible by 1,000 is divided by 8, and by 125 by a multiplication with its inverse modulo 2^32.
#[inline]
fn split_by_words(micros: u64) -> (u32, u32) {
    const HIGH: u32 = 296; // 2^32 modulo 1,000
    const INVERSE: u32 = 0x26e978d5; // of 125
    let rest = ((low(micros >> 32) % 1_000).wrapping_mul(HIGH).wrapping_add(low(micros) % 1_000)) % 1_000;
    let eighths = low(micros.wrapping_sub(u64::from(rest)) >> 3);
    (eighths.wrapping_mul(INVERSE), rest)
}

/// The low 32 bits.
#[inline]
fn low(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0)
}

/// A span in whole milliseconds, rounded up.
#[inline]
fn millis(span: Duration) -> u32 {
    if let Ok(micros) = u32::try_from(span.micros) {
        return micros.div_ceil(1_000);
    }
    let (millis, into) = split(span.micros);
    if span.micros >= u64::from(Timer::LONGEST).saturating_mul(1_000) {
        return Timer::LONGEST;
    }
    millis.wrapping_add(u32::from(into != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(timer: Timer, now: Instant) -> Option<Instant> {
        assert_eq!(Timer::first_deadline([timer, timer], now), Timer::first_deadline([Timer::FULL, timer], now));
        Timer::first_deadline([timer, Timer::FULL], now).unless_never()
    }

    const PACE: Pace = Pace { grace: Duration::from_secs(10), per_byte: Duration::from_millis(1) };

    #[test]
    fn a_peer_at_the_pace_is_never_cut_off_and_a_slower_one_is() {
        for (bytes_per_second, survives) in [(1_000, true), (2_000, true), (900, false), (1, false)] {
            let mut now = Instant::START;
            let mut timer = Timer::stopped(PACE.grace);
            let mut alive = true;
            for _ in 0..3_600 {
                timer.start(now);
                now = now.saturating_add(Duration::from_secs(1));
                alive = alive && !timer.is_due(now);
                timer.stop(now);
                timer.earn(PACE, bytes_per_second);
            }
            assert_eq!(alive, survives, "{bytes_per_second} bytes per second");
        }
    }

    #[test]
    fn who_empties_a_buffer_now_and_then_lives_by_its_pace_and_whoever_is_sent_little_lives() {
        for (bytes, seconds, survives) in [(1_100, 2, true), (1_000, 3, false), (10, 1, true), (10, 2, false)] {
            let mut timer = Timer::FULL;
            let mut now = Instant::START;
            let mut alive = true;
            for _ in 0..1_000 {
                timer.note_moved(PACE, now, 0, true);
                now = now.saturating_add(Duration::from_secs(seconds));
                alive = alive && !timer.is_due(now);
                timer.note_moved(PACE, now, bytes, false);
                assert!(!timer.is_running() && deadline(timer, now).is_none());
                now = now.saturating_add(Duration::from_secs(60));
            }
            assert_eq!(alive, survives, "{bytes} bytes in {seconds} s");
            timer.refill();
            assert_eq!(timer, Timer::FULL);
        }
    }

    #[test]
    fn a_fast_start_does_not_pay_for_a_stall() {
        let mut timer = Timer::stopped(Duration::from_secs(1));
        timer.earn(PACE, usize::MAX);
        assert_eq!(timer, Timer::stopped(PACE.grace));
    }

    /// They wrap around after 25 days, and the middle of their range lies at half of that.
    #[test]
    fn time_runs_on_where_milliseconds_wrap_around() {
        let wrap = 1_000 << 31;
        for around in [0, 1, 5_000_000, wrap / 2, wrap, wrap * 3, u64::MAX / 2, 1_000_000_007] {
            for before in [0, 1, 999, 1_000, 1_001, 3_000_000] {
                let start = Instant::from_micros(around.saturating_sub(before));
                for span in [
                    Duration::default(),
                    Duration::from_micros(1),
                    Duration::from_secs(5),
                    Duration::from_secs(1_000_000),
                ] {
                    let mut timer = Timer::stopped(span);
                    timer.start(start);
                    let due = deadline(timer, start).unwrap();
                    assert!(due >= start.saturating_add(span), "never too early");
                    assert!(due.saturating_since(start).as_micros() <= span.as_micros() + 1_998, "nor much too late");
                    assert!(timer.is_due(due) && timer.is_due(due.saturating_add(Duration::from_secs(1_000_000))));
                    let early = Instant::from_micros(due.as_micros().saturating_sub(1));
                    assert!(early < start || due == Instant::START || !timer.is_due(early));
                    assert_eq!(deadline(timer, early.max(start)), Some(due));
                    timer.stop(due);
                    assert_eq!(timer, Timer::stopped(Duration::default()));
                }
            }
        }
    }

    #[test]
    fn milliseconds_are_those_of_a_division() {
        let mut number = 1_u64;
        for _ in 0..100_000 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            for micros in [number, number >> 20, number >> 40, u64::MAX - (number >> 54), number / 1_000 * 1_000] {
                let divided = ((micros / 1_000) as u32, (micros % 1_000) as u32);
                assert_eq!((split(micros), split_by_words(micros)), (divided, divided), "{micros}");
            }
        }
    }

    #[test]
    fn a_span_beyond_the_longest_is_the_longest() {
        let mut timer = Timer::stopped(Duration::from_micros(u64::MAX));
        timer.start(Instant::START);
        assert_eq!(deadline(timer, Instant::START), Some(Instant::from_micros(1_000 << 30)));
        assert!(
            !timer.is_due(Instant::from_micros((1_000 << 30) - 1)) && timer.is_due(Instant::from_micros(1_000 << 30))
        );
    }
}
