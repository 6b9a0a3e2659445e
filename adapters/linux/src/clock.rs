//! The system's clock that nobody sets.

use rustix::time::{ClockId, clock_gettime};
use wirenut::time::Instant;

/// The time since some moment in the past, the same moment for all processes until the system is started anew: CLOCK_MONOTONIC.
/// What processes say to each other of times, such as systemd and a service, is of this clock.
///
/// ```
/// let before = wirenut_linux::monotonic_time();
/// assert!(wirenut_linux::monotonic_time() >= before);
/// ```
#[must_use]
pub fn monotonic_time() -> Instant {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |part| u64::try_from(part).unwrap_or(0);
    Instant::from_micros(part(time.tv_sec) * 1_000_000 + part(time.tv_nsec) / 1_000)
}
