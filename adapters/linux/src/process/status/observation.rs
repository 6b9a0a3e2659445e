//! The five-state model of processes, by what /proc shows.

use super::proc::Folder;
use super::{State, StatusError};

/// A process in the five-state model of textbooks. The system shows a process that is ready and one that runs as the same
/// ([`State::Running`]), so this takes two looks at it, some time apart.
///
/// ```text
///          admitted         dispatched          exits
///   New ─────────────► Ready ◄────────► Running ─────► Ended
///                        ▲                 │
///                        └──── Waiting ◄───┘
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phase {
    /// It was made, and has not run yet.
    New,
    /// It could run, and no processor was free for it between both looks.
    Ready,
    /// It has run between both looks, and does not wait for anything.
    Running,
    /// It waits for something, or was stopped.
    Waiting,
    /// It has ended, and its parent has not taken its status.
    Ended,
}

/// What the system shows at a moment of how a process (its first thread) is scheduled: /proc/PID/stat and
/// /proc/PID/schedstat.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Observation {
    /// What it does.
    pub state: State,
    /// Nanoseconds that it was on a processor. The system counts them at its ticks (up to 10 ms), and when the process leaves
    /// the processor.
    pub cpu_nanoseconds: u64,
    /// Nanoseconds that it was ready, and waited for a processor. The system counts them when it gets one.
    pub ready_nanoseconds: u64,
    /// How often it has got a processor.
    pub time_slices: u64,
}

impl Observation {
    /// How that process is scheduled now.
    ///
    /// ```
    /// use wirenut_linux::process::status::{Observation, Phase};
    /// let this = std::process::id();
    /// let before = Observation::of(this)?;
    /// let mut after = before;
    /// while after.cpu_nanoseconds == before.cpu_nanoseconds {
    ///     after = Observation::of(this)?;
    /// }
    /// assert_eq!(Phase::between(&before, &after), Phase::Running);
    /// # Ok::<(), wirenut_linux::process::status::StatusError>(())
    /// ```
    ///
    /// # Errors
    /// [`StatusError::NoSuchProcess`]; the system was built without such counters.
    pub fn of(pid: u32) -> Result<Self, StatusError> {
        Folder::open(pid)?.observation()
    }

    pub(super) fn parse(state: State, schedstat: &[u8]) -> Option<Self> {
        let mut numbers = str::from_utf8(schedstat).ok()?.split_ascii_whitespace().map(str::parse);
        let mut number = || numbers.next()?.ok();
        Some(Self { state, cpu_nanoseconds: number()?, ready_nanoseconds: number()?, time_slices: number()? })
    }
}

impl Phase {
    /// What a process did between two looks at it, of which the second is the one that counts for all but running and ready.
    /// Those are told apart only where some ticks of the system, say 30 ms, lie between both looks: one that runs for a
    /// shorter time seems to be ready.
    #[must_use]
    pub fn between(before: &Observation, after: &Observation) -> Self {
        match after.state {
            State::Zombie | State::Dead => Self::Ended,
            State::Running if after.time_slices == 0 && after.cpu_nanoseconds == 0 => Self::New,
            State::Running if has_run(before, after) => Self::Running,
            State::Running => Self::Ready,
            State::Sleeping
            | State::UninterruptibleSleep
            | State::Stopped
            | State::TracingStop
            | State::Idle
            | State::Other(_) => Self::Waiting,
        }
    }
}

fn has_run(before: &Observation, after: &Observation) -> bool {
    after.cpu_nanoseconds > before.cpu_nanoseconds || after.time_slices > before.time_slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases() {
        let look =
            |letter, schedstat: &str| Observation::parse(State::from_letter(letter), schedstat.as_bytes()).unwrap();
        let begun = look(b'R', "5 7 1\n");
        for (letter, later, phase) in [
            (b'R', "0 0 0", Phase::New),
            (b'R', "5 7 1", Phase::Ready),
            (b'R', "5 9 1", Phase::Ready),
            (b'R', "6 7 1", Phase::Running),
            (b'R', "5 7 2", Phase::Running),
            (b'S', "9 9 9", Phase::Waiting),
            (b'D', "0 0 0", Phase::Waiting),
            (b'T', "5 7 1", Phase::Waiting),
            (b'P', "5 7 1", Phase::Waiting),
            (b'Z', "0 0 0", Phase::Ended),
            (b'X', "9 9 9", Phase::Ended),
        ] {
            assert_eq!(Phase::between(&begun, &look(letter, later)), phase, "{letter} {later}");
        }
        for cut in ["", "5", "5 7", "5 7 x", "-5 7 1"] {
            assert_eq!(Observation::parse(State::Running, cut.as_bytes()), None);
        }
    }
}
