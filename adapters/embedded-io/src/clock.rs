//! The time, as the caller tells it.

use wirenut::http::HttpDate;
use wirenut::time::Instant;

/// The caller's clock. A closure that returns the time is one.
///
/// ```
/// use wirenut::time::Instant;
/// use wirenut_embedded_io::Clock;
/// let clock = || Instant::from_micros(5);
/// assert_eq!((clock.now(), clock.date()), (Instant::from_micros(5), None));
/// ```
pub trait Clock {
    /// The time now. It must never run backwards.
    fn now(&self) -> Instant;

    /// What the Date field says. `None` on a device that does not know the time of day: then there is no such field.
    fn date(&self) -> Option<HttpDate> {
        None
    }
}

impl<F: Fn() -> Instant> Clock for F {
    fn now(&self) -> Instant {
        self()
    }
}

/// A clock that one can wait on.
pub trait Timer: Clock {
    /// Returns once the clock shows `at` or later. The future may be dropped before, and often is.
    async fn wait_until(&self, at: Instant);
}
