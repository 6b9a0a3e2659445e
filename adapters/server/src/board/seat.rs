//! A place on the board, for whoever has it.

use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::Ordering;
use std::time;

use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut_linux::poller::Bell;
use wirenut_linux::signal::Termination;

use super::{Board, Colleague, Counts, Place, Stop};

/// No, but it will be told when the delay is over: see [`Seat::ask_to_end`].
pub(super) const DELAYED: u32 = Stop::No as u32 + 1;

/// Of what was told.
pub(super) const fn ends_soon(stop: u32) -> bool {
    stop == DELAYED || stop == Stop::HandOver as u32
}

/// A place, and what wakes the thread or process that has it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(super) board: Board,
    pub(super) number: usize,
    pub(super) bell: Bell,
    pub(super) termination: Option<Termination>,
    /// Who takes connections from the same queue, its owner among them.
    pub(super) colleagues: Arc<[Colleague]>,
}

impl Seat {
    #[inline]
    pub(super) fn place(&self) -> &Place {
        &self.board.places[self.number]
    }

    /// Others take connections from the same queue, too.
    pub(crate) fn with_colleagues(self, colleagues: Arc<[Colleague]>) -> Self {
        Self { colleagues, ..self }
    }

    /// Has its owner more connections than any of those who sit there?
    pub(crate) fn is_ahead_of_any(&self, seats: Range<usize>) -> bool {
        let own = self.counts().connections();
        seats.filter_map(|number| self.board.places.get(number)).any(|place| place.counts.connections() < own)
    }

    #[inline]
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

    /// What the owner's only connection is doing. [`Standing::Idle`] counts from now on; the others count from the first call,
    /// until it does something else: whoever sends a head byte by byte reads for as long as that takes.
    pub(crate) fn set_standing(&self, standing: Standing, now: Instant) {
        if standing != Standing::Idle && standing == self.standing().0 {
            return;
        }
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

    /// Was its owner told to stop, now or later?
    #[inline]
    pub(crate) fn is_told_to_stop(&self) -> bool {
        self.place().stop.load(Ordering::SeqCst) != Stop::No as u32
    }

    /// What its owner is to do now.
    pub(crate) fn wanted_stop(&self) -> Stop {
        match self.place().stop.load(Ordering::SeqCst) {
            0 => Stop::No,
            DELAYED if self.delayed_until().is_some_and(|until| self.board.now() < until) => Stop::No,
            DELAYED => {
                self.raise_stop(Stop::Drain);
                self.wanted_stop()
            }
            stop if stop == Stop::HandOver as u32 => Stop::HandOver,
            stop if stop == Stop::Drain as u32 => Stop::Drain,
            _ => Stop::Now,
        }
    }

    /// When [`Self::wanted_stop`] changes by itself, if it does.
    pub(crate) fn delayed_until(&self) -> Option<Instant> {
        let is_delayed = self.place().stop.load(Ordering::SeqCst) == DELAYED;
        is_delayed.then(|| Instant::from_micros(self.place().delayed_until.load(Ordering::SeqCst)))
    }

    /// Will it stop after a delay or with its connections, or the whole server, and goes on for now? Then connections are not for
    /// long.
    #[inline]
    pub(crate) fn ends_soon(&self) -> bool {
        match self.place().stop.load(Ordering::SeqCst) {
            0 => self.board.ends_soon(),
            stop => ends_soon(stop),
        }
    }

    /// Tells who has this place to stop. The wish is never taken back, nor made milder.
    pub(crate) fn stop(&self, how: Stop) {
        self.raise_stop(how);
        self.bell.ring();
    }

    /// Tells who has this place to drain: after the server's delay, or at once if it is told so while that lasts.
    pub(crate) fn ask_to_end(&self) {
        let (place, delay) = (self.place(), self.board.drain_delay);
        if delay == Duration::default() {
            return self.stop(Stop::Drain);
        }
        if place.stop.load(Ordering::SeqCst) == Stop::No as u32 {
            // Whoever loses against another who asks at the same time has asked for the second time.
            place.delayed_until.store(self.board.now().saturating_add(delay).as_micros(), Ordering::SeqCst);
        }
        match place.stop.compare_exchange(Stop::No as u32, DELAYED, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => self.bell.ring(),
            Err(_) => self.stop(Stop::Drain),
        }
    }

    /// A signal has told its owner to end: for the first time, or once more. Each of the two stays readable, and counts once,
    /// however often the owner looks.
    pub(crate) fn note_signal(&self, is_first: bool) {
        let signal = 1 << u32::from(is_first);
        if self.place().signals.fetch_or(signal, Ordering::SeqCst) & signal != 0 {
            return;
        }
        if is_first || self.delayed_until().is_some() {
            self.ask_to_end();
        } else {
            self.stop(Stop::Now);
        }
    }

    fn raise_stop(&self, how: Stop) {
        self.place().stop.fetch_max(how as u32, Ordering::SeqCst);
    }
}
