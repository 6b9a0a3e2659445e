//! The time, read once for each batch of events, and its text for the Date field, made once a second.

use std::time::{SystemTime, UNIX_EPOCH};

use wirenut::http::HttpDate;
use wirenut::time::{Duration, Instant};

/// The time of the current batch.
#[derive(Debug)]
pub(crate) struct Clock {
    start: std::time::Instant,
    now: Instant,
    date: HttpDate,
    /// When the date changes.
    next_date: Instant,
}

impl Clock {
    /// It counts from that moment on. Clocks that count from the same one tell the same time, also in other processes.
    pub(crate) fn new(start: std::time::Instant) -> Self {
        let mut clock = Self { start, now: Instant::START, date: HttpDate::from_unix(0), next_date: Instant::START };
        clock.advance();
        clock
    }

    /// Reads the clock again.
    pub(crate) fn advance(&mut self) {
        let elapsed = self.start.elapsed();
        self.now = Instant::from_micros(elapsed.as_secs() * 1_000_000 + u64::from(elapsed.subsec_micros()));
        if self.now >= self.next_date {
            self.read_date();
        }
    }

    fn read_date(&mut self) {
        // A clock before 1970 is a clock that was never set.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.date = HttpDate::from_unix(since.as_secs());
        let left = 1_000_000 - u64::from(since.subsec_micros());
        self.next_date = self.now.saturating_add(Duration::from_micros(left));
    }

    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// The same moment by the system's clock.
    pub(crate) fn system(&self, at: Instant) -> std::time::Instant {
        let since = at.saturating_since(Instant::START);
        self.start.checked_add(since.into()).unwrap_or(self.start)
    }

    pub(crate) const fn date(&self) -> &HttpDate {
        &self.date
    }
}
