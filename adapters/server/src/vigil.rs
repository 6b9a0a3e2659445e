//! Waiting for things of one's own, and beside them for what others tell who has a seat: to stop, or to give way.

use std::os::fd::AsFd;
use std::time::Instant;

use wirenut::readiness::{Event, Interest, Token};
use wirenut::time;
use wirenut_linux::Error;

use crate::board::Seat;
use crate::watcher::Watcher;

/// Tokens of what a vigil has itself. Those of its owner are below.
const BELL: Token = Token(u64::MAX);
const FIRST_SIGNAL: Token = Token(u64::MAX - 1);
const SECOND_SIGNAL: Token = Token(u64::MAX - 2);

/// A poller that also ends its wait when the bell of a seat rings, or a signal says to end: then that is noted at the seat,
/// where its owner looks.
#[derive(Debug)]
pub(crate) struct Vigil<P> {
    poller: P,
    seat: Seat,
}

impl<P: Watcher> Vigil<P> {
    /// `poller` watches nothing yet.
    pub(crate) fn new(mut poller: P, seat: Seat) -> Result<Self, Error> {
        poller.register(seat.bell().as_fd(), BELL, Interest::READABLE)?;
        if let Some(termination) = seat.termination() {
            poller.register(termination.as_fd(), FIRST_SIGNAL, Interest::READABLE)?;
            poller.register(termination.repeated(), SECOND_SIGNAL, Interest::READABLE)?;
        }
        Ok(Self { poller, seat })
    }

    pub(crate) const fn seat(&self) -> &Seat {
        &self.seat
    }

    /// For what the owner of this watches, by tokens below those that a vigil has itself.
    pub(crate) const fn poller(&mut self) -> &mut P {
        &mut self.poller
    }

    /// Waits until something is ready, the seat was told something, a signal has come, or it is that time; or for no reason.
    /// [`Self::next_event`] follows.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> Result<(), Error> {
        let since_start = |until: time::Instant| until.saturating_since(time::Instant::START).into();
        let delayed = self.seat.delayed_until().and_then(|until| self.seat.start().checked_add(since_start(until)));
        let until = [until, delayed].into_iter().flatten().min();
        let limit = until.map(|until| until.saturating_duration_since(Instant::now()).into());
        self.poller.wait(limit).map(|_| ())
    }

    /// What is ready of what the owner of this watches. To be asked until there is no more: only then all is noted that the
    /// seat was told.
    pub(crate) fn next_event(&mut self) -> Result<Option<Event>, Error> {
        while let Some(event) = self.poller.next_event() {
            match event.token {
                BELL => self.seat.bell().silence(),
                FIRST_SIGNAL | SECOND_SIGNAL => self.handle_signal(event.token == SECOND_SIGNAL)?,
                _ => return Ok(Some(event)),
            }
        }
        Ok(None)
    }

    /// The signals' descriptors stay readable, so each is watched only until it is.
    fn handle_signal(&mut self, is_second: bool) -> Result<(), Error> {
        let Some(termination) = self.seat.termination() else { return Ok(()) };
        self.seat.note_signal(!is_second);
        if is_second {
            self.poller.deregister(termination.repeated(), SECOND_SIGNAL)
        } else {
            self.poller.deregister(termination.as_fd(), FIRST_SIGNAL)
        }
    }
}
