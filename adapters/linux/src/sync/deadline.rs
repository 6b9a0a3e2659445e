//! Until when something is waited for.

use rustix::time::{ClockId, Timespec, clock_gettime};
use wirenut::time::Duration;

/// A time of CLOCK_MONOTONIC, or never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Timespec>);

impl Deadline {
    /// The time that is `limit` from now. A limit beyond what the clock can tell is none.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self(limit.and_then(|limit| now().checked_add(Timespec::try_from(core::time::Duration::from(limit)).ok()?)))
    }

    /// Now, or at a time that has been.
    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|until| until <= now())
    }

    pub(crate) const fn time(&self) -> Option<&Timespec> {
        self.0.as_ref()
    }

    /// How long is left, but no longer than `most`.
    pub(crate) fn left(self, most: Duration) -> Timespec {
        let most =
            Timespec::try_from(core::time::Duration::from(most)).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let left = self.0.map(|until| until.checked_sub(now()).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 0 }));
        left.map_or(most, |left| left.min(most)).max(Timespec { tv_sec: 0, tv_nsec: 0 })
    }
}

/// CLOCK_MONOTONIC, for what is kept in one word.
pub(crate) fn milliseconds() -> u64 {
    let now = now();
    now.tv_sec.cast_unsigned() * 1_000 + now.tv_nsec as u64 / 1_000_000
}

fn now() -> Timespec {
    clock_gettime(ClockId::Monotonic)
}
