//! Deadlines of many: a timer wheel of two levels, whose links lie in the caller's slots.
//!
//! Every slot has one place in it at most. A deadline that moves later leaves it where it is: when that place's time comes,
//! the slot is looked at again, and placed anew if nothing is due. So a deadline that is put off again and again, as that of
//! a connection is with each request, costs no work.
//!
//! A tick is 1,024 µs. The fine level holds the next 64 ticks, one by one; the coarse level the next 67 seconds, in
//! places of 64 ticks; what is later still waits at its far end. A slot is looked at within two ticks after its deadline (and
//! the precision of the wait), and before it at most once for each place that it moves to.
//!
//! For one deadline, [`Poller::wait_until`](crate::poller::Poller::wait_until) is enough; for a few that are watched beside
//! sockets, there is [`poller::Timer`](crate::poller::Timer).

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

/// A slot's place in a [`TimerWheel`]: 10 bytes, beside what the slot holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerLink {
    before: Neighbour,
    after: Neighbour,
    /// Fine places come first, then the coarse ones.
    place: u16,
}

impl TimerLink {
    /// Of a slot without a deadline.
    pub const NEW: Self = Self { before: Neighbour::NONE, after: Neighbour::NONE, place: UNARMED };
}

/// The number of a slot, in bytes: so that a link lies at any even address, and its owner has no gaps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Neighbour([u8; 4]);

impl Neighbour {
    const NONE: Self = Self::new(NONE);

    const fn new(slot: u32) -> Self {
        Self(slot.to_ne_bytes())
    }

    const fn slot(self) -> Option<u32> {
        match u32::from_ne_bytes(self.0) {
            NONE => None,
            slot => Some(slot),
        }
    }
}

/// Where the links of a [`TimerWheel`] lie: by the numbers of their slots. A `Vec<TimerLink>` will do.
///
/// Only the wheel may change a link. A slot must be [disarmed](TimerWheel::disarm) before its link is used for something
/// else.
pub trait TimerLinks {
    /// The link of a slot.
    ///
    /// # Panics
    /// There is no such slot: the caller armed it, and removed it without disarming it.
    fn timer(&mut self, slot: u32) -> &mut TimerLink;
}

impl TimerLinks for Vec<TimerLink> {
    fn timer(&mut self, slot: u32) -> &mut TimerLink {
        &mut self[slot as usize]
    }
}

/// One deadline for each of any number of slots. The caller keeps the deadlines: the wheel knows when to look at which.
///
/// Slots are numbers below `u32::MAX`. Each call is given the links, of which it changes those of a few neighbours: arming,
/// disarming and firing cost the same however many there are.
///
/// ```
/// use wirenut::time::{Duration, Instant};
/// use wirenut_linux::timers::{TimerLink, TimerWheel};
/// let mut links = vec![TimerLink::NEW; 2];
/// let mut wheel = TimerWheel::new(Instant::START);
/// let at = |millis| Instant::START.saturating_add(Duration::from_millis(millis));
/// wheel.arm(&mut links, 0, at(500));
/// wheel.arm(&mut links, 1, at(20));
/// let next = wheel.next().unwrap();
/// assert!(next > at(20) && next <= at(23)); // not early, and two ticks late at most
/// assert_eq!(wheel.pop_due(&mut links, at(19)), None);
/// assert_eq!(wheel.pop_due(&mut links, next), Some(1));
/// assert_eq!(wheel.pop_due(&mut links, next), None);
/// wheel.disarm(&mut links, 0);
/// assert_eq!(wheel.next(), None);
/// ```
#[derive(Debug)]
pub struct TimerWheel {
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

impl TimerWheel {
    /// A wheel without deadlines, at that time.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        let now = now.as_micros() >> TICK_BITS;
        let places = index(FINE + COARSE);
        Self { fired: now, now, firsts: vec![NONE; places].into_boxed_slice(), fine: 0, coarse: [0; COARSE_WORDS] }
    }

    /// Has [`Self::pop_due`] give the slot at `deadline`, or before: a later deadline than the one that it has leaves it where
    /// it is. So whoever gets the slot looks whether its deadline is due, and arms it again if not.
    ///
    /// ```
    /// use wirenut::time::{Duration, Instant};
    /// use wirenut_linux::timers::{TimerLink, TimerWheel};
    /// let (mut links, mut wheel) = (vec![TimerLink::NEW; 1], TimerWheel::new(Instant::START));
    /// let at = |millis| Instant::START.saturating_add(Duration::from_millis(millis));
    /// wheel.arm(&mut links, 0, at(20));
    /// let before = wheel.next();
    /// wheel.arm(&mut links, 0, at(900)); // moved later: nothing changes
    /// assert_eq!(wheel.next(), before);
    /// wheel.arm(&mut links, 0, at(10)); // moved earlier
    /// assert!(wheel.next() < before);
    /// ```
    #[inline]
    pub fn arm(&mut self, links: &mut impl TimerLinks, slot: u32, deadline: Instant) {
        // The first tick at whose start the deadline is over; never one that is being fired.
        let tick = ((deadline.as_micros() >> TICK_BITS) + 1).max(self.now + 1);
        let place = links.timer(slot).place;
        if place == UNARMED || self.tick_of(place) > tick {
            self.place(links, slot, tick);
        }
    }

    /// Takes the slot out of the wheel, if it is there.
    ///
    /// ```
    /// use wirenut::time::Instant;
    /// use wirenut_linux::timers::{TimerLink, TimerWheel};
    /// let (mut links, mut wheel) = (vec![TimerLink::NEW; 1], TimerWheel::new(Instant::START));
    /// wheel.arm(&mut links, 0, Instant::from_micros(20_000));
    /// wheel.disarm(&mut links, 0);
    /// assert_eq!(wheel.next(), None);
    /// assert_eq!(links, [TimerLink::NEW]);
    /// ```
    pub fn disarm(&mut self, links: &mut impl TimerLinks, slot: u32) {
        let link = core::mem::replace(links.timer(slot), TimerLink::NEW);
        if link.place == UNARMED {
            return;
        }
        if let Some(after) = link.after.slot() {
            links.timer(after).before = link.before;
        }
        if let Some(before) = link.before.slot() {
            links.timer(before).after = link.after;
            return;
        }
        self.firsts[usize::from(link.place)] = link.after.slot().unwrap_or(NONE);
        if link.after == Neighbour::NONE {
            self.mark(link.place, false);
        }
    }

    /// A slot whose place has come, which is in the wheel no more. Its deadline is due; or it has moved, or was farther than 64
    /// ticks away, and is to come: then [`Self::arm`] it again. To be called until it gives none. Time may not go back.
    ///
    /// ```
    /// use wirenut::time::Instant;
    /// use wirenut_linux::timers::{TimerLink, TimerWheel};
    /// let (mut links, mut wheel) = (vec![TimerLink::NEW; 3], TimerWheel::new(Instant::START));
    /// let mut deadlines = [20_000, 20_000, 50_000].map(Instant::from_micros);
    /// for (slot, deadline) in (0..).zip(deadlines) {
    ///     wheel.arm(&mut links, slot, deadline);
    /// }
    /// deadlines[1] = Instant::from_micros(90_000); // moved later
    /// let (now, mut due) = (Instant::from_micros(60_000), Vec::new());
    /// while let Some(slot) = wheel.pop_due(&mut links, now) {
    ///     match deadlines[slot as usize] {
    ///         deadline if deadline <= now => due.push(slot),
    ///         later => wheel.arm(&mut links, slot, later),
    ///     }
    /// }
    /// assert_eq!(due, [0, 2]);
    /// assert!(wheel.next().is_some()); // slot 1 is still to come
    /// ```
    pub fn pop_due(&mut self, links: &mut impl TimerLinks, now: Instant) -> Option<u32> {
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

    /// When [`Self::pop_due`] will have something. `None`: nothing is armed.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
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
            links.timer(first).before = Neighbour::new(slot);
        }
        *links.timer(slot) = TimerLink { before: Neighbour::NONE, after: Neighbour::new(first), place };
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
        let mut timers = TimerWheel::new(Instant::from_micros(now));
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
        let mut timers = TimerWheel::new(Instant::START);
        let mut links = vec![TimerLink::NEW; 1];
        timers.arm(&mut links, 0, Instant::from_micros(5_000_000));
        let before = links.clone();
        timers.arm(&mut links, 0, Instant::from_micros(9_000_000));
        assert_eq!(links, before);
        timers.arm(&mut links, 0, Instant::from_micros(1_000_000));
        assert_ne!(links, before);
    }
}
