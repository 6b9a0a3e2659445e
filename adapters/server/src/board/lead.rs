//! The place of the thread that runs a server, and those who stop with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Seat, Stop};

/// The place of the thread that runs a server, and those who stop with it.
#[derive(Debug)]
pub(crate) struct Lead {
    pub(crate) seat: Seat,
    followers: Mutex<Vec<Seat>>,
}

impl Lead {
    pub(crate) const fn new(seat: Seat) -> Self {
        Self { seat, followers: Mutex::new(Vec::new()) }
    }

    pub(crate) fn stop(&self, how: Stop) {
        self.tell(|seat| seat.stop(how));
    }

    /// As [`Seat::ask_to_end`].
    pub(crate) fn ask_to_end(&self) {
        self.tell(Seat::ask_to_end);
    }

    fn tell(&self, tell: impl Fn(&Seat)) {
        let followers = self.followers();
        tell(&self.seat);
        followers.iter().for_each(tell);
    }

    /// Has others stop when this one is to, or was already.
    pub(crate) fn lead(&self, seats: &[Seat]) {
        let mut followers = self.followers();
        followers.extend_from_slice(seats);
        // Whoever stopped it before did not know them.
        let wanted = self.seat.wanted_stop();
        if wanted != Stop::No {
            seats.iter().for_each(|seat| seat.stop(wanted));
        } else if self.seat.delayed_until().is_some() {
            seats.iter().for_each(Seat::ask_to_end);
        }
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
