//! Waiting for things of one's own, and beside them for what others tell who has a seat: to stop, or to give way.

use std::os::fd::AsFd;
use std::time::Instant;

use wirenut::readiness::{Event, Interest, Token};
use wirenut::time;
use wirenut_linux::Error;

use crate::board::Seat;
use crate::watcher::Watcher;

/// Tokens of what tells something to who has a seat. All others are below.
pub(crate) const BELL: Token = Token(u64::MAX);
pub(crate) const FIRST_SIGNAL: Token = Token(u64::MAX - 1);
pub(crate) const SECOND_SIGNAL: Token = Token(u64::MAX - 2);

/// Watches the bell of a seat, and the signals that tell it to stop.
pub(crate) fn watch(poller: &mut impl Watcher, seat: &Seat) -> Result<(), Error> {
    poller.register(seat.bell().as_fd(), BELL, Interest::READABLE)?;
    if let Some(termination) = seat.termination() {
        poller.register(termination.as_fd(), FIRST_SIGNAL, Interest::READABLE)?;
        poller.register(termination.repeated(), SECOND_SIGNAL, Interest::READABLE)?;
    }
    Ok(())
}

/// A signal has come: that is noted at the seat. The signals' descriptors stay readable, so each is watched only until it is.
pub(crate) fn hear_signal(poller: &mut impl Watcher, seat: &Seat, is_second: bool) -> Result<(), Error> {
    let Some(termination) = seat.termination() else { return Ok(()) };
    seat.note_signal(!is_second);
    if is_second {
        poller.deregister(termination.repeated(), SECOND_SIGNAL)
    } else {
        poller.deregister(termination.as_fd(), FIRST_SIGNAL)
    }
}

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
        watch(&mut poller, &seat)?;
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
                FIRST_SIGNAL | SECOND_SIGNAL => {
                    hear_signal(&mut self.poller, &self.seat, event.token == SECOND_SIGNAL)?;
                }
                _ => return Ok(Some(event)),
            }
        }
        Ok(None)
    }
}
