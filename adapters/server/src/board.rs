//! What the threads and processes of a server see of each other: one place for each, in memory that they share.
//!
//! Threads and processes alike are told to stop by a word in their place and a bell that they wait for, and count there what
//! they do. So nothing of a server depends on which of the two its workers are, and a process that is killed takes nothing
//! with it that it has counted.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time;

use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut_linux::Error;
use wirenut_linux::poller::Bell;
use wirenut_linux::signal::Termination;
use wirenut_linux::sync::SharedSlice;
use zerocopy::FromBytes;

use crate::report::Report;

/// All places of a server. Clones are the same one, also in processes that were forked since it was made.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    places: SharedSlice<Place>,
    /// From when on all who have a place count their time. It is the system's monotonic clock, one for all processes.
    start: time::Instant,
}

/// What lies in a place. Only its owner counts there, so counting takes no lock and no atomic addition.
#[derive(FromBytes, Debug, Default)]
#[repr(C, align(64))]
struct Place {
    stop: AtomicU32,
    /// The acceptor wants the place: its owner is to give way.
    gives_way: AtomicU32,
    /// What the owner's only connection is doing, and since when: see [`Seat::standing`].
    standing: AtomicU64,
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
    /// When its connections have ended by themselves: others accept.
    HandOver,
    /// When the exchanges in flight are over.
    Drain,
    /// At once.
    Now,
}

impl Board {
    /// So many places. Those that nobody has taken yet cost no memory.
    pub(crate) fn new(places: usize) -> Result<Self, Error> {
        let places = SharedSlice::new(places, |_| Place::default())?;
        Ok(Self { places, start: time::Instant::now() })
    }

    /// From when on the times of the board count.
    pub(crate) const fn start(&self) -> time::Instant {
        self.start
    }

    /// The place of that number, which somebody takes; what its last owner was told is forgotten. `bell`: what wakes who
    /// takes it.
    pub(crate) fn seat(&self, number: usize, bell: Bell) -> Seat {
        let seat = Seat { board: self.clone(), number, bell, termination: None };
        seat.place().stop.store(Stop::No as u32, Ordering::SeqCst);
        seat.place().gives_way.store(0, Ordering::SeqCst);
        seat.set_standing(Standing::Busy, Instant::START);
        seat
    }

    /// What all of them have done.
    pub(crate) fn report(&self) -> Report {
        self.places.iter().fold(Report::default(), |all, place| all.with(&place.counts))
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
        &self.board.places[self.number]
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
            1 => Stop::HandOver,
            2 => Stop::Drain,
            _ => Stop::Now,
        }
    }

    /// From when on its owner counts the time, as does everybody at this board.
    pub(crate) const fn start(&self) -> time::Instant {
        self.board.start()
    }

    /// What the owner's only connection is doing, as far as that decides whether it gives way; and since when. It is
    /// [`Standing::Busy`] until the owner has said something else.
    pub(crate) fn standing(&self) -> (Standing, Instant) {
        let both = self.place().standing.load(Ordering::Relaxed);
        let standing = match both & 3 {
            0 => Standing::Busy,
            1 => Standing::Lingering,
            2 => Standing::Idle,
            _ => Standing::Reading,
        };
        (standing, Instant::from_micros(both >> 2))
    }

    /// The owner's only connection does this from now on.
    pub(crate) fn set_standing(&self, standing: Standing, now: Instant) {
        self.place().standing.store(now.as_micros() << 2 | standing as u64, Ordering::Relaxed);
    }

    /// Asks the owner to end its only connection, so that another one gets the place. If it does not, since the connection is
    /// in use, it says so by its [standing](Self::standing).
    pub(crate) fn ask_to_give_way(&self) {
        self.place().gives_way.store(1, Ordering::SeqCst);
        self.bell.ring();
    }

    /// Was the owner asked to give way? Each time is told once.
    pub(crate) fn takes_wish_to_give_way(&self) -> bool {
        self.place().gives_way.swap(0, Ordering::SeqCst) != 0
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
