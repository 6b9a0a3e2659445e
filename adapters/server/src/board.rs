//! What the threads and processes of a server see of each other: one place for each, in memory that they share.
//!
//! Threads and processes alike are told to stop by a word in their place and a bell that they wait for, and count there what
//! they do. So nothing of a server depends on which of the two its workers are, and a process that is killed takes nothing
//! with it that it has counted.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut_linux::Error;
use wirenut_linux::poller::Bell;
use wirenut_linux::signal::Termination;
use wirenut_linux::sync::SharedSlice;
use zerocopy::FromBytes;

use crate::report::Report;

/// All places of a server. Clones are the same one, also in processes that were forked since it was made.
#[derive(Clone, Debug)]
pub(crate) struct Board(SharedSlice<Place>);

/// What lies in a place. Only its owner counts there, so counting takes no lock and no atomic addition.
#[derive(FromBytes, Debug, Default)]
#[repr(C, align(64))]
struct Place {
    stop: AtomicU32,
    counts: Counts,
}

/// What a thread or process has done. A place that is given to another one goes on counting.
#[derive(FromBytes, Debug, Default)]
#[repr(C)]
pub(crate) struct Counts {
    pub(crate) accepted: Count,
    pub(crate) refused: Count,
    pub(crate) evicted: Count,
    pub(crate) cut: Count,
    pub(crate) panics: Count,
}

/// A number that its owner changes and anybody may read.
#[derive(FromBytes, Debug, Default)]
#[repr(transparent)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.get().wrapping_add(more), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a server is to stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub(crate) enum Stop {
    /// Not at all.
    No,
    /// When the exchanges in flight are over.
    Drain,
    /// At once.
    Now,
}

impl Board {
    /// So many places. Those that nobody has taken yet cost no memory.
    pub(crate) fn new(places: usize) -> Result<Self, Error> {
        SharedSlice::new(places, |_| Place::default()).map(Self)
    }

    /// The place of that number, which somebody takes; its wish to stop is forgotten. `bell`: what wakes who takes it.
    pub(crate) fn seat(&self, number: usize, bell: Bell) -> Seat {
        let seat = Seat { board: self.clone(), number, bell, termination: None };
        seat.place().stop.store(Stop::No as u32, Ordering::SeqCst);
        seat
    }

    /// What all of them have done.
    pub(crate) fn report(&self) -> Report {
        self.0.iter().fold(Report::default(), |all, place| all.with(&place.counts))
    }
}

/// A place, and what wakes the thread or process that has it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    board: Board,
    number: usize,
    bell: Bell,
    termination: Option<Termination>,
}

impl Seat {
    fn place(&self) -> &Place {
        &self.board.0[self.number]
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.place().counts
    }

    /// Signals tell it to stop, too.
    pub(crate) fn with_termination(self, termination: Option<Termination>) -> Self {
        Self { termination, ..self }
    }

    pub(crate) const fn termination(&self) -> Option<&Termination> {
        self.termination.as_ref()
    }

    pub(crate) const fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(crate) fn wanted_stop(&self) -> Stop {
        match self.place().stop.load(Ordering::SeqCst) {
            0 => Stop::No,
            1 => Stop::Drain,
            _ => Stop::Now,
        }
    }

    /// Tells who has this place to stop. The wish is never taken back, nor made milder.
    pub(crate) fn stop(&self, how: Stop) {
        self.place().stop.fetch_max(how as u32, Ordering::SeqCst);
        self.bell.ring();
    }
}

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
        let followers = self.followers();
        self.seat.stop(how);
        followers.iter().for_each(|follower| follower.stop(how));
    }

    /// Has others stop when this one is to, or was already.
    pub(crate) fn lead(&self, seats: &[Seat]) {
        let mut followers = self.followers();
        followers.extend_from_slice(seats);
        // Whoever stopped it before did not know them.
        let wanted = self.seat.wanted_stop();
        if wanted != Stop::No {
            seats.iter().for_each(|seat| seat.stop(wanted));
        }
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
