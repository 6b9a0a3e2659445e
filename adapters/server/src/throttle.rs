//! A line that a loop would write again and again.

use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const INTERVAL: Duration = Duration::from_secs(1);

/// Lets one line through in a second, of whatever thread, and counts the others.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Instant>,
    dropped: u64,
}

impl State {
    /// Some if the line may be written now: how many were not, since the last one was.
    fn ask(&mut self, now: Instant) -> Option<u64> {
        if self.next.is_some_and(|next| now < next) {
            self.dropped += 1;
            return None;
        }
        self.next = Some(now + INTERVAL);
        Some(core::mem::take(&mut self.dropped))
    }
}

impl Throttle {
    /// Writes a warning, if it may be written now.
    pub(crate) fn warn(&self, line: impl core::fmt::Display) {
        let asked = self.state.lock().unwrap_or_else(PoisonError::into_inner).ask(Instant::now());
        match asked {
            Some(0) => log::warn!("{line}"),
            Some(dropped) => log::warn!("{line} (and {dropped} times more since this was last said)"),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_and_the_count_of_the_others() {
        let (mut state, start) = (State::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        let asked = [0, 1, 500, 999, 1_000, 1_001, 5_000].map(|millis| state.ask(at(millis)));
        assert_eq!(asked, [Some(0), None, None, None, Some(3), None, Some(1)]);
    }
}
