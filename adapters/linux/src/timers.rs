//! Deadlines: a timer wheel of two levels, whose links lie in the slots.
//!
//! Every connection has one place in it at most. A deadline that moves later leaves it where it is: when that place's
//! time comes, the connection is looked at again, and placed anew if nothing is due. So a request costs no timer work.
//!
//! A tick is 1,024 µs. The fine level holds the next 64 ticks, one by one; the coarse level the next 67 seconds, in
//! places of 64 ticks; what is later still waits at its far end. Nothing fires early; a deadline fires within two ticks
//! and the precision of the wait.

use wirenut::time::Instant;

const TICK_BITS: u32 = 10;
const FINE: u64 = 64;
const FINE_BITS: u32 = 6;
const COARSE: u64 = 1_024;
const COARSE_WORDS: usize = 16;

/// No slot: the end of a list.
const NONE: u32 = u32::MAX;
/// In no list.
const UNARMED: u16 = u16::MAX;

/// A slot's place in the wheel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimerLink {
    before: u32,
    after: u32,
    /// Fine places come first, then the coarse ones.
    place: u16,
}

impl TimerLink {
    /// Of a slot without a deadline.
    pub(crate) const NEW: Self = Self { before: NONE, after: NONE, place: UNARMED };
}

/// Where the links lie.
pub(crate) trait TimerLinks {
    /// The link of a slot that exists.
    fn timer(&mut self, slot: u32) -> &mut TimerLink;
}

/// The wheel.
#[derive(Debug)]
pub(crate) struct Timers {
    /// All ticks up to this one have fired.
    fired: u64,
    /// The tick of the last call of [`Self::pop_due`].
    now: u64,
    firsts: Box<[u32]>,
    /// Which fine places are occupied.
    fine: u64,
    /// Which coarse places are.
    coarse: [u64; COARSE_WORDS],
}

impl Timers {
    pub(crate) fn new(now: Instant) -> Self {
        let now = now.as_micros() >> TICK_BITS;
        let places = index(FINE + COARSE);
        Self { fired: now, now, firsts: vec![NONE; places].into_boxed_slice(), fine: 0, coarse: [0; COARSE_WORDS] }
    }

    /// Makes sure that the slot is looked at at `deadline`, or before.
    #[inline]
    pub(crate) fn arm(&mut self, links: &mut impl TimerLinks, slot: u32, deadline: Instant) {
        // The first tick at whose start the deadline is over; never one that is being fired.
        let tick = ((deadline.as_micros() >> TICK_BITS) + 1).max(self.now + 1);
        let place = links.timer(slot).place;
        if place == UNARMED || self.tick_of(place) > tick {
            self.place(links, slot, tick);
        }
    }

    /// The slot is not looked at any more.
    pub(crate) fn disarm(&mut self, links: &mut impl TimerLinks, slot: u32) {
        let link = core::mem::replace(links.timer(slot), TimerLink::NEW);
        if link.place == UNARMED {
            return;
        }
        if link.after != NONE {
            links.timer(link.after).before = link.before;
        }
        if link.before != NONE {
            links.timer(link.before).after = link.after;
            return;
        }
        self.firsts[usize::from(link.place)] = link.after;
        if link.after == NONE {
            self.mark(link.place, false);
        }
    }

    /// A slot to look at, which is in the wheel no more: its deadline is due, or has moved ([`Self::arm`] it again).
    pub(crate) fn pop_due(&mut self, links: &mut impl TimerLinks, now: Instant) -> Option<u32> {
        self.now = now.as_micros() >> TICK_BITS;
        match self.next_place() {
            Some((tick, place)) if tick <= self.now => {
                self.fired = tick - 1;
                let slot = self.firsts[usize::from(place)];
                self.disarm(links, slot);
                Some(slot)
            }
            _ => {
                self.fired = self.now;
                None
            }
        }
    }

    /// When [`Self::pop_due`] will have something.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next_place().map(|(tick, _)| Instant::from_micros(tick << TICK_BITS))
    }

    #[cold]
    fn place(&mut self, links: &mut impl TimerLinks, slot: u32, tick: u64) {
        self.disarm(links, slot);
        let place = if tick - self.fired <= FINE {
            tick % FINE
        } else {
            let furthest = (self.fired >> FINE_BITS) + COARSE - 1;
            FINE + (tick >> FINE_BITS).min(furthest) % COARSE
        };
        let first = core::mem::replace(&mut self.firsts[index(place)], slot);
        let place = u16::try_from(place).unwrap_or(UNARMED);
        if first != NONE {
            links.timer(first).before = slot;
        }
        *links.timer(slot) = TimerLink { before: NONE, after: first, place };
        self.mark(place, true);
    }

    /// The tick at which a place fires: the first of its kind that has not fired yet.
    fn tick_of(&self, place: u16) -> u64 {
        let place = u64::from(place);
        if place < FINE {
            let next = self.fired + 1;
            next + (place.wrapping_sub(next) % FINE)
        } else {
            let next = (self.fired >> FINE_BITS) + 1;
            (next + ((place - FINE).wrapping_sub(next) % COARSE)) << FINE_BITS
        }
    }

    fn mark(&mut self, place: u16, is_occupied: bool) {
        let place = u64::from(place);
        let (word, bit) = match place.checked_sub(FINE) {
            None => (&mut self.fine, place),
            Some(coarse) => (&mut self.coarse[index(coarse / 64)], coarse % 64),
        };
        *word = *word & !(1 << bit) | u64::from(is_occupied) << bit;
    }

    /// The occupied place that fires first, and when.
    fn next_place(&self) -> Option<(u64, u16)> {
        let fine = self.next_fine();
        let coarse = self.next_coarse();
        let earliest = fine.into_iter().chain(coarse);
        earliest.filter_map(|place| u16::try_from(place).ok()).map(|place| (self.tick_of(place), place)).min()
    }

    fn next_fine(&self) -> Option<u64> {
        let start = (self.fired + 1) % FINE;
        let turned = self.fine.rotate_right(u32::try_from(start).unwrap_or(0));
        (turned != 0).then(|| (start + u64::from(turned.trailing_zeros())) % FINE)
    }

    fn next_coarse(&self) -> Option<u64> {
        let start = ((self.fired >> FINE_BITS) + 1) % COARSE;
        // The word where the search starts comes twice: its later bits first, its earlier ones last.
        (0..=COARSE / 64).find_map(|step| {
            let at = (start / 64 + step) % (COARSE / 64);
            let from_start = u64::MAX << (start % 64);
            let wanted = match step {
                0 => from_start,
                _ if step == COARSE / 64 => !from_start,
                _ => u64::MAX,
            };
            let word = self.coarse[index(at)] & wanted;
            (word != 0).then(|| FINE + at * 64 + u64::from(word.trailing_zeros()))
        })
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl TimerLinks for Vec<TimerLink> {
        fn timer(&mut self, slot: u32) -> &mut TimerLink {
            &mut self[slot as usize]
        }
    }

    /// A generator of numbers that is the same in every run.
    fn numbers() -> impl FnMut(u64) -> u64 {
        let mut state = 88_172_645_463_325_252_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        }
    }

    /// Deadlines come, move, and go, as in the worker; each must fire in time and none early.
    #[test]
    fn every_deadline_fires_in_time_and_none_early() {
        let mut number = numbers();
        let mut now = 123_456_789;
        let mut timers = Timers::new(Instant::from_micros(now));
        let mut links = vec![TimerLink::NEW; 50];
        let mut deadlines: Vec<Option<u64>> = vec![None; 50];
        for _ in 0..200_000 {
            now += match number(50) {
                0 => number(90_000_000),
                1..=9 => number(100_000),
                _ => number(3_000),
            };
            while let Some(slot) = timers.pop_due(&mut links, Instant::from_micros(now)) {
                match deadlines[slot as usize] {
                    Some(deadline) if deadline <= now => deadlines[slot as usize] = None,
                    Some(deadline) => timers.arm(&mut links, slot, Instant::from_micros(deadline)),
                    None => {}
                }
            }
            let late = deadlines.iter().flatten().find(|&deadline| deadline + 2_048 < now);
            assert_eq!(late, None, "at {now}");
            if let (Some(next), Some(first)) = (timers.next(), deadlines.iter().flatten().min()) {
                assert!(next.as_micros() > now && next.as_micros() <= first + 2_048, "at {now}");
            }
            let slot = number(50) as usize;
            if number(20) == 0 {
                timers.disarm(&mut links, slot as u32);
                deadlines[slot] = None;
            } else {
                let far = [2_000, 70_000, 1_000_000, 60_000_000, 200_000_000][number(5) as usize];
                let deadline = now + number(far);
                deadlines[slot] = Some(deadline);
                timers.arm(&mut links, slot as u32, Instant::from_micros(deadline));
            }
        }
    }

    #[test]
    fn a_deadline_that_moves_later_is_not_touched() {
        let mut timers = Timers::new(Instant::START);
        let mut links = vec![TimerLink::NEW; 1];
        timers.arm(&mut links, 0, Instant::from_micros(5_000_000));
        let before = links.clone();
        timers.arm(&mut links, 0, Instant::from_micros(9_000_000));
        assert_eq!(links, before);
        timers.arm(&mut links, 0, Instant::from_micros(1_000_000));
        assert_ne!(links, before);
    }
}
