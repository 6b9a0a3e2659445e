//! A connection of bytes, which go back.

use wirenut::readiness::Standing;
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};

/// How long a peer may take to end its direction once ours has ended: what it sends then is thrown away, so that no reset
/// destroys what is on its way to it.
const LINGER: Duration = Duration::from_secs(1);

/// One end of a connection that sends back what comes.
pub(super) struct Echo {
    now: Instant,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    /// Our direction has ended. Until then the peer may end its own.
    Lingering(Instant),
    Over,
}

impl Echo {
    pub(super) const fn new(now: Instant) -> Self {
        Self { now, phase: Phase::Open }
    }
}

impl Protocol for Echo {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        if self.phase != Phase::Open {
            return Progress { taken: input.len(), written: 0 };
        }
        let count = input.len().min(output.len());
        output[..count].copy_from_slice(&input[..count]);
        Progress { taken: count, written: count }
    }

    fn handle_eof(&mut self) {
        self.phase = Phase::Over;
    }

    fn handle_sent(&mut self, _: usize, _: usize) {}

    fn handle_timeout(&mut self) {
        if matches!(self.phase, Phase::Lingering(until) if until <= self.now) {
            self.phase = Phase::Over;
        }
    }

    fn handle_reset(&mut self) {
        self.phase = Phase::Over;
    }

    fn handle_now(&mut self, now: Instant) {
        self.now = now;
    }

    fn retire(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Lingering(self.now.saturating_add(LINGER));
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Lingering(until) => Some(until),
            Phase::Open | Phase::Over => None,
        }
    }

    fn is_readable(&self) -> bool {
        self.phase != Phase::Over
    }

    /// A connection is its peer's for as long as that wants: it gives way to nobody.
    fn standing(&self) -> Standing {
        match self.phase {
            Phase::Open => Standing::Busy,
            Phase::Lingering(_) | Phase::Over => Standing::Lingering,
        }
    }

    fn disposition(&self) -> Disposition {
        match self.phase {
            Phase::Open => Disposition::Open,
            Phase::Lingering(_) => Disposition::ShutdownWrite,
            Phase::Over => Disposition::Close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirenut::transport::{Action, Conversation, Input};

    #[test]
    fn all_that_came_goes_back_before_the_end() {
        let (mut echo, mut conversation) = (Echo::new(Instant::START), Conversation::new());
        let mut output = [0; 4];
        let mut rest = &b"hello"[..];
        let mut received = Vec::new();
        let last = loop {
            let input = Input { bytes: rest, has_ended: true };
            let (taken, action) = conversation.poll(&mut echo, input, &mut [], &mut output);
            rest = &rest[taken..];
            let Action::Send(count) = action else { break action };
            received.extend_from_slice(&output[..count]);
            conversation.handle_sent(&mut echo, count, 0);
        };
        assert_eq!(last, Action::Close);
        assert_eq!(received, b"hello");
    }

    #[test]
    fn who_is_retired_has_a_second_to_end() {
        let at = |milliseconds| Instant::START.saturating_add(Duration::from_millis(milliseconds));
        let mut echo = Echo::new(at(0));
        assert_eq!((echo.poll_timeout(), echo.disposition()), (None, Disposition::Open));
        echo.retire();
        assert_eq!((echo.poll_timeout(), echo.disposition()), (Some(at(1000)), Disposition::ShutdownWrite));
        assert_eq!(echo.drive(b"more", &mut [], &mut [0; 4]), Progress { taken: 4, written: 0 });
        echo.handle_now(at(999));
        echo.handle_timeout();
        assert_eq!(echo.disposition(), Disposition::ShutdownWrite);
        echo.handle_now(at(1000));
        echo.handle_timeout();
        assert_eq!((echo.poll_timeout(), echo.disposition()), (None, Disposition::Close));
    }
}
