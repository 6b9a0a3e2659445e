//! What bounds a wait: the deadline of the phase, that of the whole request, and the wish of another thread.

use std::os::fd::{AsFd as _, BorrowedFd};

use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::{Interest, Poll, Poller as _, Token};

use crate::cancel::Cancel;
use crate::error::Cause;
use crate::observer::Observer;

/// The name of [`Cancel`] in a poller.
pub(crate) const CANCEL: Token = Token(u64::MAX);

/// Bounds all waits of a request, or of one phase of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// When it is over, and how long that was in the beginning.
    deadline: Option<(Instant, Duration)>,
    pub(crate) cancel: Option<Cancel>,
    pub(crate) observer: Option<Observer>,
}

impl Watch {
    /// From now on.
    pub(crate) fn new(limit: Option<Duration>, cancel: Option<Cancel>) -> Self {
        Self { deadline: limit.map(after), cancel, observer: None }
    }

    /// The same for a phase that begins now.
    pub(crate) fn within(&self, limit: Duration) -> Self {
        let phase = after(limit);
        let deadline = self.deadline.filter(|whole| whole.0 <= phase.0).or(Some(phase));
        Self { deadline, ..self.clone() }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.map(|(at, _)| at)
    }

    /// May it go on?
    pub(crate) fn check(&self, now: Instant) -> Result<(), Cause> {
        if let Some(cancel) = &self.cancel {
            cancel.check()?;
        }
        match self.deadline {
            Some((at, limit)) if at <= now => Err(Cause::TimedOut(limit)),
            _ => Ok(()),
        }
    }

    /// Waits until that can be read.
    pub(crate) fn wait_readable(&self, source: BorrowedFd<'_>) -> Result<(), Cause> {
        let mut poller = Poll::new();
        poller.register(source, Token(0), Interest::READABLE)?;
        self.register(&mut poller)?;
        loop {
            poller.wait_until(self.deadline(), monotonic_time)?;
            while let Some(event) = poller.next_event() {
                if event.token == Token(0) {
                    return Ok(());
                }
            }
            self.check(monotonic_time())?;
        }
    }

    /// Has a poller report the wish to stop, too.
    pub(crate) fn register(&self, poller: &mut Poll) -> Result<(), Cause> {
        if let Some(cancel) = &self.cancel {
            poller.register(cancel.as_fd(), CANCEL, Interest::READABLE)?;
        }
        Ok(())
    }

    /// No longer.
    pub(crate) fn deregister(&self, poller: &mut Poll) {
        if let Some(cancel) = &self.cancel {
            // It was registered.
            let _ = poller.deregister(cancel.as_fd(), CANCEL);
        }
    }
}

fn after(limit: Duration) -> (Instant, Duration) {
    (monotonic_time().saturating_add(limit), limit)
}
