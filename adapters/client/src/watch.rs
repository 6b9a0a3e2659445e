//! What bounds a wait: the deadline of the phase, that of the whole request, and the wish of another thread.

use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;

use crate::cancel::Cancel;
use crate::error::Cause;
use crate::observer::{Observed, Observer};

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

    /// Has an observer learn what happens, if there is one.
    pub(crate) fn observe(&self, observed: &Observed<'_>) {
        if let Some(Observer(observe)) = &self.observer {
            observe(observed);
        }
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
}

fn after(limit: Duration) -> (Instant, Duration) {
    (monotonic_time().saturating_add(limit), limit)
}

/// The earlier of two times, where `None` is never.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
