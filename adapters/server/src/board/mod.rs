//! What the threads and processes of a server see of each other: one place for each, in memory that they share.
//!
//! Threads and processes alike are told to stop by a word in their place and a bell that they wait for, and count there what
//! they do. So nothing of a server depends on which of the two its workers are, and a process that is killed takes nothing
//! with it that it has counted.

mod colleague;
mod counts;
mod lead;
mod seat;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time;

use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut_linux::Error;
use wirenut_linux::poller::Bell;
use wirenut_linux::sync::SharedSlice;
use zerocopy::FromBytes;

pub(crate) use colleague::Colleague;
pub(crate) use counts::{Counts, Deadline};
pub(crate) use lead::Lead;
pub(crate) use seat::Seat;

/// All places of a server. Clones are the same one, also in processes that were forked since it was made.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    places: SharedSlice<Place>,
    /// From when on all who have a place count their time. It is the system's monotonic clock, one for all processes.
    start: time::Instant,
    /// For how long a server that is told to end goes on as before.
    drain_delay: Duration,
}

/// What lies in a place. Only its owner counts there, so counting takes no lock and no atomic addition.
#[derive(FromBytes, Debug, Default)]
#[repr(C, align(64))]
struct Place {
    stop: AtomicU32,
    /// The acceptor wants the place: its owner is to give way.
    gives_way: AtomicU32,
    /// Whether the owner watches the queue of connections: see [`Seat::set_watches_queue`].
    queue: AtomicU32,
    /// From when on the owner has a place for somebody: see [`Seat::set_takes_from`].
    takes_from: AtomicU64,
    /// What the owner's only connection is doing, and since when: see [`Seat::standing`].
    standing: AtomicU64,
    /// When the owner stops, if it was told so and that is delayed: in microseconds since the start.
    delayed_until: AtomicU64,
    /// The signals that its owner knows of: see [`Seat::note_signal`].
    signals: AtomicU32,
    counts: Counts,
}

/// How a server is to stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub(crate) enum Stop {
    /// Not at all, or not yet.
    No,
    /// When its connections have ended by themselves: others accept.
    HandOver = 2,
    /// When the exchanges in flight are over.
    Drain,
    /// At once.
    Now,
}

impl Board {
    /// So many places. Those that nobody has taken yet cost no memory.
    pub(crate) fn new(places: usize) -> Result<Self, Error> {
        let places = SharedSlice::new(places, |_| Place::default())?;
        Ok(Self { places, start: time::Instant::now(), drain_delay: Duration::default() })
    }

    /// Those who are [asked to end](Seat::ask_to_end) do so after that time.
    pub(crate) fn with_drain_delay(self, drain_delay: Duration) -> Self {
        Self { drain_delay, ..self }
    }

    /// From when on the times of the board count.
    pub(crate) const fn start(&self) -> time::Instant {
        self.start
    }

    fn now(&self) -> Instant {
        Instant::START.saturating_add(self.start.elapsed().into())
    }

    /// The place of that number, which somebody takes; what its last owner was told is forgotten. `bell`: what wakes who
    /// takes it.
    pub(crate) fn seat(&self, number: usize, bell: Bell) -> Seat {
        self.clear(number);
        let place = &self.places[number];
        place.stop.store(Stop::No as u32, Ordering::SeqCst);
        place.gives_way.store(0, Ordering::SeqCst);
        place.signals.store(0, Ordering::SeqCst);
        place.queue.store(0, Ordering::SeqCst);
        let seat = Seat { board: self.clone(), number, bell, termination: None, colleagues: Arc::default() };
        seat.set_standing(Standing::Busy, Instant::START);
        seat
    }

    /// Whoever had the place of that number is gone, and so are its connections, which it may not have had the time to say.
    pub(crate) fn clear(&self, number: usize) {
        self.places[number].counts.clear_standings();
        self.places[number].takes_from.store(0, Ordering::Relaxed);
    }

    /// Has whoever runs the server been told to end it? Also while that is delayed; but not where it was handed over, since the
    /// service goes on.
    #[inline]
    pub(crate) fn is_ending(&self) -> bool {
        let goes_on = [Stop::No as u32, Stop::HandOver as u32];
        self.places.first().is_some_and(|lead| !goes_on.contains(&lead.stop.load(Ordering::Relaxed)))
    }

    /// Does whoever runs the server go on for now, and ends it later, or with its connections?
    #[inline]
    fn ends_soon(&self) -> bool {
        self.places.first().is_some_and(|lead| seat::ends_soon(lead.stop.load(Ordering::Relaxed)))
    }

    /// What each of them counts.
    pub(crate) fn counts(&self) -> impl Iterator<Item = &Counts> {
        self.places.iter().map(|place| &place.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(drain_delay: Duration) -> (Board, [Seat; 2]) {
        let board = Board::new(2).unwrap().with_drain_delay(drain_delay);
        let seats = [0, 1].map(|number| board.seat(number, Bell::new().unwrap()));
        (board, seats)
    }

    /// As the core counts it for the connections of one thread: otherwise whoever sends a head byte by byte never gives way.
    #[test]
    fn only_idle_connections_count_anew() {
        let (_, [seat, _]) = seats(Duration::default());
        let at = |seconds| Instant::START.saturating_add(Duration::from_secs(seconds));
        for (standing, now, since) in [
            (Standing::Reading, 1, 1),
            (Standing::Reading, 2, 1),
            (Standing::Idle, 3, 3),
            (Standing::Idle, 4, 4),
            (Standing::Reading, 5, 5),
            (Standing::Busy, 6, 6),
            (Standing::Reading, 7, 7),
            (Standing::Lingering, 8, 8),
            (Standing::Lingering, 9, 8),
        ] {
            seat.set_standing(standing, at(now));
            assert_eq!(seat.standing(), (standing, at(since)), "{now}");
        }
    }

    #[test]
    fn a_wish_to_end_is_delayed_once() {
        let (board, [lead, other]) = seats(Duration::from_secs(3600));
        assert!(!board.is_ending() && !lead.ends_soon() && lead.delayed_until().is_none());
        lead.ask_to_end();
        assert_eq!((lead.wanted_stop(), other.wanted_stop()), (Stop::No, Stop::No));
        assert!(board.is_ending() && lead.ends_soon() && other.ends_soon());
        assert!(lead.delayed_until().unwrap() > board.now() && other.delayed_until().is_none());
        lead.ask_to_end();
        assert_eq!((lead.wanted_stop(), other.wanted_stop()), (Stop::Drain, Stop::No));
        assert!(lead.delayed_until().is_none());
        assert!(board.is_ending() && !lead.ends_soon() && !other.ends_soon());
        lead.ask_to_end();
        assert_eq!(lead.wanted_stop(), Stop::Drain, "it asks for no more");
    }

    #[test]
    fn who_has_handed_over_ends_soon_and_the_service_goes_on() {
        let (board, [lead, other]) = seats(Duration::from_secs(3600));
        lead.stop(Stop::HandOver);
        assert_eq!((lead.wanted_stop(), other.wanted_stop()), (Stop::HandOver, Stop::No));
        assert!(!board.is_ending() && lead.ends_soon() && other.ends_soon());
        lead.ask_to_end();
        assert_eq!(lead.wanted_stop(), Stop::Drain, "nobody has to be told of an end any more");
        assert!(board.is_ending() && !lead.ends_soon());
    }

    #[test]
    fn a_delay_ends_by_itself() {
        let (board, [lead, _]) = seats(Duration::from_millis(1));
        lead.ask_to_end();
        let until = lead.delayed_until().unwrap();
        while lead.wanted_stop() == Stop::No {
            assert!(board.now() <= until.saturating_add(Duration::from_secs(10)));
        }
        assert_eq!((lead.wanted_stop(), lead.delayed_until()), (Stop::Drain, None));
    }

    #[test]
    fn signals_skip_the_delay_and_then_end_at_once() {
        for (delay, stops) in [(0, [Stop::Drain, Stop::Now]), (3600, [Stop::No, Stop::Drain])] {
            let (_, [lead, _]) = seats(Duration::from_secs(delay));
            for _ in 0..2 {
                lead.note_signal(true);
                assert_eq!(lead.wanted_stop(), stops[0], "it stays readable for all who look");
            }
            lead.note_signal(false);
            assert_eq!(lead.wanted_stop(), stops[1]);
            lead.ask_to_end();
            assert_eq!(lead.wanted_stop(), stops[1].max(Stop::Drain));
        }
    }

    #[test]
    fn who_follows_later_is_told_the_same() {
        for delay in [0, 3600].map(Duration::from_secs) {
            let (_, [lead, other]) = seats(delay);
            let lead = Lead::new(lead);
            lead.ask_to_end();
            lead.lead(core::slice::from_ref(&other));
            assert_eq!(other.wanted_stop(), lead.seat.wanted_stop());
            assert_eq!(other.delayed_until().is_some(), delay != Duration::default());
            lead.stop(Stop::Now);
            assert_eq!(other.wanted_stop(), Stop::Now);
        }
    }

    #[test]
    fn connections_of_who_is_gone_are_not_counted() {
        let (board, [lead, other]) = seats(Duration::default());
        lead.counts().begin(Standing::Busy);
        other.counts().begin(Standing::Busy);
        other.counts().change(Standing::Busy, Standing::Idle);
        other.counts().accepted.add(1);
        let sum = |count: &dyn Fn(&Counts) -> u64| board.counts().map(count).sum::<u64>();
        let connections = || [Standing::Busy, Standing::Idle].map(|standing| sum(&|counts| counts.standing(standing)));
        assert_eq!(connections(), [1, 1]);
        board.clear(1);
        assert_eq!((connections(), sum(&|counts| counts.accepted.get())), ([1, 0], 1));
    }
}
