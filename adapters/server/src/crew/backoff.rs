//! How long to wait before something is tried again that fails again and again.

use core::time::Duration;

/// The first wait.
const SHORTEST: Duration = Duration::from_millis(50);
/// The last one: each is twice the one before.
const LONGEST: Duration = Duration::from_secs(10);
/// What has lasted for so long has not failed at once.
const LASTING: Duration = Duration::from_secs(5);

/// The waits of one thing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    last: Duration,
}

impl Backoff {
    /// It has failed, after it had lasted for so long. How long to wait now.
    pub(super) fn failed(&mut self, lasted: Duration) -> Duration {
        self.last = if lasted >= LASTING { Duration::ZERO } else { (self.last * 2).clamp(SHORTEST, LONGEST) };
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew_after_what_has_lasted() {
        let mut backoff = Backoff::default();
        let [short, long] = [Duration::from_millis(1), Duration::from_secs(5)];
        let mut wait = |lasted| backoff.failed(lasted).as_millis();
        assert_eq!(wait(long), 0);
        assert_eq!([short; 9].map(&mut wait), [50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000]);
        assert_eq!([short, long, short].map(wait), [10_000, 0, 50]);
    }
}
