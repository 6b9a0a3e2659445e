//! How often lines of one kind are written: once a second, with a count of those held back. It reads no clock.

use core::time::Duration;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// How much time lies between two lines of one kind.
const PAUSE: Duration = Duration::from_secs(1);

/// How many kinds are told apart. All others are one kind, so that whoever makes kinds up writes no more than this many
/// lines a second, and one.
const MAX_KINDS: usize = 32;

/// Tells which lines are written and which are held back. Times are those since any fixed moment, and never run
/// backwards.
///
/// ```
/// use core::time::Duration;
/// use wirenut_cli::log::{HeldBack, Throttle};
/// let mut throttle = Throttle::new();
/// let at = Duration::from_millis;
/// assert!(throttle.admits(7, at(0), || "first".into()));
/// assert!(!throttle.admits(7, at(10), || "second".into()));
/// assert!(!throttle.admits(7, at(20), || "third".into()));
/// assert_eq!((throttle.next_due(), throttle.take_due(at(999))), (Some(at(1000)), None));
/// assert_eq!(throttle.take_due(at(1000)), Some(HeldBack { count: 2, last: "third".into() }));
/// ```
#[derive(Debug, Default)]
pub struct Throttle {
    kinds: HashMap<u64, Kind>,
    others: Option<Kind>,
}

#[derive(Debug)]
struct Kind {
    /// When the last line of this kind was written.
    written: Duration,
    held_back: HeldBack,
}

/// What was held back of one kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    /// How many lines.
    pub count: u64,
    /// The last of them.
    pub last: String,
}

impl Kind {
    fn written_at(now: Duration) -> Self {
        Self { written: now, held_back: HeldBack::default() }
    }

    fn due(&self) -> Duration {
        self.written.saturating_add(PAUSE)
    }

    /// Its time is over, and nothing of it is held back: as if there had never been such a line.
    fn is_over(&self, now: Duration) -> bool {
        self.due() <= now && self.held_back.count == 0
    }
}

impl Throttle {
    /// One that has held nothing back.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// True: write this line. False: it is held back, and counted for [`Self::take_due`].
    pub fn admits(&mut self, kind: u64, now: Duration, line: impl FnOnce() -> String) -> bool {
        if self.kinds.len() >= MAX_KINDS && !self.kinds.contains_key(&kind) {
            self.kinds.retain(|_, kind| !kind.is_over(now));
        }
        let is_full = self.kinds.len() >= MAX_KINDS;
        let known = match self.kinds.entry(kind) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) if !is_full => {
                place.insert(Kind::written_at(now));
                return true;
            }
            Entry::Vacant(_) => match &mut self.others {
                Some(others) => others,
                None => {
                    self.others = Some(Kind::written_at(now));
                    return true;
                }
            },
        };
        if known.is_over(now) {
            known.written = now;
            return true;
        }
        known.held_back.count += 1;
        known.held_back.last = line();
        false
    }

    /// When [`Self::take_due`] has something. `None`: nothing is held back.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        let all = self.kinds.values().chain(&self.others);
        all.filter(|kind| kind.held_back.count > 0).map(Kind::due).min()
    }

    /// What was held back of a kind whose second is over: write this in one line. The kind's next second begins. Call it
    /// until there is none.
    pub fn take_due(&mut self, now: Duration) -> Option<HeldBack> {
        self.take(now, |kind| kind.due() <= now)
    }

    /// What was held back of any kind, due or not: for the end.
    pub fn take_any(&mut self, now: Duration) -> Option<HeldBack> {
        self.take(now, |_| true)
    }

    fn take(&mut self, now: Duration, is_wanted: impl Fn(&Kind) -> bool) -> Option<HeldBack> {
        let mut all = self.kinds.values_mut().chain(&mut self.others);
        let kind = all.find(|kind| kind.held_back.count > 0 && is_wanted(kind))?;
        kind.written = now;
        Some(core::mem::take(&mut kind.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// How many lines are written of a kind that comes at these times, and how many are counted in them.
    fn written(times: impl Iterator<Item = u64>, kind: impl Fn(u64) -> u64) -> (u64, u64) {
        let mut throttle = Throttle::new();
        let (mut lines, mut counted) = (0, 0);
        let mut last = 0;
        for time in times {
            // As the thread does that waits for what is due.
            while let Some(due) = throttle.next_due().filter(|due| *due <= at(time)) {
                let held_back = throttle.take_due(due).unwrap();
                (lines, counted) = (lines + 1, counted + held_back.count);
            }
            if throttle.admits(kind(time), at(time), || format!("line {time}")) {
                (lines, counted) = (lines + 1, counted + 1);
            }
            last = time;
        }
        while let Some(held_back) = throttle.take_any(at(last)) {
            (lines, counted) = (lines + 1, counted + held_back.count);
        }
        (lines, counted)
    }

    #[test]
    fn a_flood_is_a_line_a_second_and_none_is_lost() {
        // A line each millisecond for ten seconds: one at once, one at the end of each second, what is left at the end.
        assert_eq!(written(0..10_000, |_| 1), (11, 10_000));
    }

    #[test]
    fn what_is_rare_is_written_at_once() {
        assert_eq!(written((0..10).map(|number| number * 1000), |_| 1), (10, 10));
        assert_eq!(written([0, 999, 3000].into_iter(), |_| 1), (3, 3));
    }

    #[test]
    fn kinds_do_not_hold_each_other_back() {
        assert_eq!(written(0..20, |time| time), (20, 20));
        assert_eq!(written(0..1000, |time| time % 4), (8, 1000));
    }

    #[test]
    fn who_makes_kinds_up_gets_no_more_lines() {
        let (lines, counted) = written(0..3_000, |time| time);
        assert_eq!(counted, 3_000);
        assert!(lines <= 4 * (MAX_KINDS as u64 + 1), "{lines}");
    }

    #[test]
    fn the_last_line_stands_for_those_held_back() {
        let mut throttle = Throttle::new();
        for time in 0..5 {
            throttle.admits(1, at(time), || format!("line {time}"));
        }
        assert_eq!(throttle.take_due(at(999)), None);
        assert_eq!(throttle.take_due(at(1000)), Some(HeldBack { count: 4, last: "line 4".into() }));
        assert_eq!((throttle.take_due(at(5000)), throttle.next_due()), (None, None));
        // What was told of them was a line, too.
        assert!(!throttle.admits(1, at(1500), || "held back".into()));
        assert!(throttle.admits(2, at(1500), || "another kind".into()));
    }
}
