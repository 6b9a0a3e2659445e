//! Threads or processes that take connections from one queue: how one of them wakes the others.

use core::sync::atomic::Ordering;

use wirenut::time::Instant;
use wirenut_linux::poller::Bell;

use super::Seat;

/// The owner does not watch the queue.
const UNWATCHED: u32 = 0;
/// The owner watches the queue.
const WATCHED: u32 = 1;
/// The owner watches the queue, and somebody has asked it to look there.
const ASKED: u32 = 2;

/// One of those who take connections from the same queue: the number of its place, and what wakes it.
#[derive(Clone, Debug)]
pub(crate) struct Colleague {
    number: usize,
    bell: Bell,
}

impl Colleague {
    pub(crate) const fn new(number: usize, bell: Bell) -> Self {
        Self { number, bell }
    }
}

impl Seat {
    /// As others know its owner.
    pub(crate) fn as_colleague(&self) -> Colleague {
        Colleague::new(self.number, self.bell.clone())
    }

    /// The owner watches the queue of connections from now on, or does not. The owner says so before it begins to watch: then
    /// whoever finds that it does not watch has seen a connection in the queue that the owner finds, too, when it begins.
    pub(crate) fn set_watches_queue(&self, watches: bool) {
        self.place().queue.store(if watches { WATCHED } else { UNWATCHED }, Ordering::SeqCst);
    }

    /// Wakes the others, because a connection waits in the queue that the owner cannot take: the system may have woken the
    /// owner alone for it, while another one has a connection that it can evict.
    ///
    /// Skips those who do not watch the queue: they look again by themselves after a while. So two that are full do not wake
    /// each other again and again.
    pub(crate) fn ask_colleagues_to_look(&self) {
        for Colleague { number, bell } in self.colleagues.iter().filter(|colleague| colleague.number != self.number) {
            let Some(place) = self.board.places.get(*number) else { continue };
            if place.queue.compare_exchange(WATCHED, ASKED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                bell.ring();
            }
        }
    }

    /// From when on the owner has a place for somebody who comes, or can close a connection for it, if nothing happens before.
    /// `None`: it has not, and cannot.
    pub(crate) fn set_takes_from(&self, from: Option<Instant>) {
        // The start of the board, when there was no connection yet, stands for none.
        self.place().takes_from.store(from.map_or(0, |from| from.as_micros().max(1)), Ordering::Relaxed);
    }

    /// Has one of the others a place for somebody who comes now, or a connection to close for it? That may be over before it is
    /// asked.
    pub(crate) fn has_colleague_that_takes(&self, now: Instant) -> bool {
        let takes = |number: usize| {
            let place = self.board.places.get(number);
            let from = place.map_or(0, |place| place.takes_from.load(Ordering::Relaxed));
            (1..=now.as_micros()).contains(&from)
        };
        self.colleagues.iter().any(|colleague| colleague.number != self.number && takes(colleague.number))
    }

    /// True once after somebody has asked the owner to look into the queue. Silence the bell first.
    pub(crate) fn takes_wish_to_look(&self) -> bool {
        self.place().queue.compare_exchange(ASKED, WATCHED, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Board;
    use super::*;
    use wirenut::readiness::{Interest, Poller, Token};
    use wirenut::time::Duration;
    use wirenut_linux::poller::Poll;

    /// Silences the bell of a seat. True if it rang.
    fn rang(seat: &Seat) -> bool {
        let mut poll = Poll::new();
        poll.register(std::os::fd::AsFd::as_fd(seat.bell()), Token(0), Interest::READABLE).unwrap();
        let _ = poll.wait(Some(Duration::default())).unwrap();
        seat.bell().silence();
        poll.next_event().is_some()
    }

    #[test]
    fn only_those_who_watch_are_asked_and_once() {
        let board = Board::new(4).unwrap();
        let seats = [0, 1, 2, 3].map(|number| board.seat(number, Bell::new().unwrap()));
        // The last one has a place there, and takes from no queue.
        let colleagues: alloc::sync::Arc<[_]> = seats[..3].iter().map(Seat::as_colleague).collect();
        let seats = seats.map(|seat| seat.with_colleagues(colleagues.clone()));
        for number in [0, 1, 3] {
            seats[number].set_watches_queue(true);
        }
        let asked = || seats.each_ref().map(|seat| (rang(seat), seat.takes_wish_to_look()));
        assert_eq!(asked(), [(false, false); 4]);
        for _ in 0..2 {
            seats[0].ask_colleagues_to_look();
        }
        assert_eq!(asked(), [(false, false), (true, true), (false, false), (false, false)]);
        assert_eq!(asked(), [(false, false); 4], "each time is told once");
        seats[0].ask_colleagues_to_look();
        seats[1].set_watches_queue(false);
        assert!(!seats[1].takes_wish_to_look(), "it looks by itself after a while");
        assert!(rang(&seats[1]));
        seats[0].ask_colleagues_to_look();
        assert!(!rang(&seats[1]));
    }
}
