//! How those end for whom one accepts: by themselves within a bounded time, or by force.

use core::time::Duration;
use std::time::Instant;

use super::super::job::{Crew, Source, Task, TurnAway};
use super::Acceptor;
use crate::board::Stop;

/// How long after they were told to stop at once processes are killed.
const GRACE: Duration = Duration::from_secs(1);

/// The end.
pub(super) struct Drain {
    pub(super) told: Stop,
    /// What is left then is cut.
    pub(super) until: Option<Instant>,
    /// Processes that are left then are killed.
    pub(super) kill_at: Option<Instant>,
    /// How many may still come in: as many as the queue holds. Others may come for as long as one looks.
    pub(super) accepts_left: u32,
}

impl<S: Source, T: Task<S::Job>, C: Crew<S::Job>, R: TurnAway<S::Job>> Acceptor<'_, S, T, C, R> {
    /// Tells all what this thread was told, and deals with those who do not obey in time.
    pub(super) fn obey_stop(&mut self) {
        let (wanted, now) = (self.vigil.seat().wanted_stop(), Instant::now());
        if wanted == Stop::No {
            return;
        }
        let drain = self.drain.get_or_insert_with(|| Drain {
            told: Stop::No,
            until: now.checked_add(self.config.drain.into()),
            kill_at: None,
            // Who has handed over leaves them to others.
            accepts_left: if wanted == Stop::HandOver { 0 } else { self.config.backlog.max(1) },
        });
        let is_over = drain.until.is_some_and(|until| until <= now);
        let wanted = if is_over { Stop::Now } else { wanted };
        if wanted > drain.told {
            drain.told = wanted;
            if wanted == Stop::Now {
                (drain.until, drain.kill_at) = (None, now.checked_add(GRACE));
                drain.accepts_left = 0;
            }
            self.tell(wanted);
        } else if drain.kill_at.is_some_and(|at| at <= now) {
            drain.kill_at = None;
            self.crew.kill_all();
        }
    }

    pub(super) fn tell(&self, stop: Stop) {
        self.seats.iter().for_each(|seat| seat.stop(stop));
    }
}
