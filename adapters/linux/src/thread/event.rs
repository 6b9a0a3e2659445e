//! A flag that threads wait for.

use alloc::sync::Arc;

use wirenut::time::Duration;

use crate::sync::deadline::Deadline;
use crate::sync::flag::Flag;

/// A flag that is set, cleared and waited for, by threads of one process.
///
/// Whoever waits when it is set goes on, even if it is cleared at once. All clones are the same event.
///
/// ```
/// use wirenut_linux::thread::Event;
/// let ready = Event::new();
/// let setting = std::thread::spawn({
///     let ready = ready.clone();
///     move || {
///         ready.set();
///         ready.clear();
///         ready.set();
///     }
/// });
/// ready.wait();
/// # setting.join().unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Event(Arc<Flag>);

impl Event {
    /// One that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it: all that wait go on, and nobody waits until it is cleared.
    pub fn set(&self) {
        self.0.set();
    }

    /// Clears it: whoever waits from now on waits until it is set again.
    pub fn clear(&self) {
        self.0.clear();
    }

    /// Whether it is set now.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_set()
    }

    /// Waits until it is set.
    pub fn wait(&self) {
        self.0.wait(Deadline::after(None));
    }

    /// Waits until it is set, but not longer than `limit`; zero only looks. True if it was set.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// let event = wirenut_linux::thread::Event::new();
    /// assert!(!event.wait_timeout(Duration::from_millis(1)));
    /// event.set();
    /// assert!(event.wait_timeout(Duration::from_millis(1)));
    /// event.clear();
    /// assert!(!event.is_set());
    /// ```
    #[must_use = "it says whether the event was set"]
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.0.wait(Deadline::after(Some(limit)))
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// All that wait are seen to wait before it is set and cleared, so a flag alone would strand them.
    #[test]
    fn a_set_that_is_cleared_at_once_wakes_all_that_waited() {
        const THREADS: u32 = 4;
        let event = Event::new();
        for round in 1..=500 {
            thread::scope(|scope| {
                let waits: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| event.wait_timeout(LONG))).collect();
                // Whoever is counted has seen how often it was set before.
                while event.0.waiting.load(Ordering::Relaxed) < round * THREADS {
                    thread::yield_now();
                }
                event.set();
                event.clear();
                assert!(waits.into_iter().all(|wait| wait.join().unwrap()));
            });
            assert!(!event.is_set());
        }
    }

    #[test]
    fn two_threads_take_turns_by_two_events() {
        let (ping, pong, rounds) = (Event::new(), Event::new(), 2_000);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..rounds {
                    assert!(ping.wait_timeout(LONG));
                    ping.clear();
                    pong.set();
                }
            });
            for _ in 0..rounds {
                ping.set();
                assert!(pong.wait_timeout(LONG));
                pong.clear();
            }
        });
    }

    #[test]
    fn an_event_that_is_set_is_not_waited_for() {
        let event = Event::new();
        event.set();
        event.set();
        event.wait();
        assert!(event.wait_timeout(Duration::default()));
        event.clear();
        assert!(!event.wait_timeout(Duration::default()));
    }

    #[test]
    fn a_limit_beyond_all_clocks_is_none() {
        let event = Event::new();
        thread::scope(|scope| {
            scope.spawn(|| event.set());
            assert!(event.wait_timeout(Duration::from_micros(u64::MAX)));
        });
    }
}
