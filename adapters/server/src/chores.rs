//! What a host wants to have done from time to time, by the thread that accepts.

use core::time::Duration;
use std::time::Instant;

use crate::board::Seat;
use crate::work::Work;

/// One thing, done at an interval. Waits end when it is due.
pub(crate) struct Chores<'w> {
    /// None: never.
    interval: Option<Duration>,
    due: Option<Instant>,
    act: Box<dyn Fn() + 'w>,
}

impl<'w> Chores<'w> {
    pub(crate) fn new(interval: Option<Duration>, act: impl Fn() + 'w) -> Self {
        Self { interval, due: next(interval), act: Box::new(act) }
    }

    /// Those of the work, for who has that seat.
    pub(crate) fn of(work: &'w impl Work, seat: &Seat) -> Self {
        let seat = seat.clone();
        Self::new(work.chore_interval(), move || work.do_chores(&seat))
    }

    /// When it is due next.
    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Does it, if it is time. The interval begins anew afterwards: what takes long is not done all the time.
    pub(crate) fn do_if_due(&mut self) {
        if self.due.is_some_and(|due| due <= Instant::now()) {
            (self.act)();
            self.due = next(self.interval);
        }
    }
}

fn next(interval: Option<Duration>) -> Option<Instant> {
    interval.and_then(|interval| Instant::now().checked_add(interval))
}
