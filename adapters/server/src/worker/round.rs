//! One round of the loop.

use core::mem;

use wirenut::readiness::{self, Event, Waited};
use wirenut::time::{Duration, Instant};
use wirenut_linux::Error;

use super::Worker;
use super::stop::Drain;
use crate::slots::Token;
use crate::speaker::Front;
use crate::vigil::{BELL, FIRST_SIGNAL, SECOND_SIGNAL, hear_signal, watch};
use crate::watcher::Watcher;

/// Tokens of what is no connection: no slot has such a number.
pub(super) const LISTENER: readiness::Token = readiness::Token(SECOND_SIGNAL.0 - 1);

impl<K: Front, P: Watcher> Worker<'_, K, P> {
    /// From now on it hears of wakes, and of wishes to stop.
    pub(super) fn attend(&mut self) -> Result<(), Error> {
        watch(&mut self.poller, &self.context.handle.seat)
    }

    /// Waits until there is something to do, for so long at most, and does it.
    pub(super) fn round(&mut self, limit: Option<Duration>) -> Result<(), Error> {
        let has_woken = self.wait(limit)?;
        self.handle_timeouts()?;
        while let Some(event) = self.poller.next_event() {
            self.handle_event(event)?;
        }
        if has_woken {
            let mut woken = self.context.handle.woken.take(mem::take(&mut self.woken));
            for token in woken.drain(..) {
                self.wake(token)?;
            }
            self.woken = woken;
        }
        self.run_queued()
    }

    /// Waits until something happens. True if an exchange was woken, or the server is to stop.
    fn wait(&mut self, limit: Option<Duration>) -> Result<bool, Error> {
        self.tell_whether_it_takes();
        let had_woken = self.context.handle.woken.prepare_wait();
        let limit = if had_woken || !self.queue.is_empty() {
            Some(Duration::default())
        } else {
            let now = self.context.clock.now();
            let until = limit.or_else(|| self.poll_timeout().map(|until| until.saturating_since(now)));
            match self.buffers.shrinks_after() {
                Some(after) => Some(until.map_or(after, |until| until.min(after))),
                None => until,
            }
        };
        let waited = self.poller.wait(limit);
        let has_woken = self.context.handle.woken.finish_wait() || had_woken;
        // Whatever ended it, what there is to do is looked for.
        if waited? == Waited::TimedOut {
            self.buffers.shrink();
        }
        self.context.clock.advance();
        self.context.set_ends_soon(self.context.handle.seat.ends_soon());
        Ok(has_woken)
    }

    /// When there is something to do, if nothing happens before.
    #[inline(always)]
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let stop = self.drain.as_ref().map(Drain::poll_timeout).or(self.handed_over_until).or(self.stops_at);
        [self.timers.next(), self.resumes_at(), stop].into_iter().flatten().min()
    }

    fn handle_timeouts(&mut self) -> Result<(), Error> {
        let now = self.context.clock.now();
        while let Some(slot) = self.timers.pop_due(&mut self.slots, now) {
            let Some(token) = self.slots.token(slot) else { continue };
            let Some(mut turn) = self.turn(token) else { continue };
            match turn.deadline() {
                Some(due) if due <= now => {
                    let outcome = turn.time_out();
                    self.after(token, outcome)?;
                }
                Some(later) => self.timers.arm(&mut self.slots, slot, later),
                None => {}
            }
        }
        if self.resumes_at().is_some_and(|at| at <= now) {
            self.look_again()?;
        }
        Ok(())
    }

    fn handle_event(&mut self, event: Event) -> Result<(), Error> {
        match event.token {
            LISTENER => self.accept(),
            BELL => {
                self.context.handle.woken.silence();
                if self.context.handle.seat.takes_wish_to_look() { self.accept() } else { Ok(()) }
            }
            FIRST_SIGNAL | SECOND_SIGNAL => {
                hear_signal(&mut self.poller, &self.context.handle.seat, event.token == SECOND_SIGNAL)
            }
            connection => {
                let token = Token::from_poller(connection);
                let Some(turn) = self.turn(token) else { return Ok(()) };
                let outcome = turn.run(Some(event));
                self.after(token, outcome)
            }
        }
    }

    fn wake(&mut self, token: Token) -> Result<(), Error> {
        let Some(turn) = self.turn(token) else { return Ok(()) };
        let outcome = turn.wake();
        self.after(token, outcome)
    }

    /// Gives another turn to those that had more to do.
    fn run_queued(&mut self) -> Result<(), Error> {
        for token in mem::take(&mut self.queue) {
            let Some(turn) = self.turn(token) else { continue };
            turn.connection.is_queued = false;
            let outcome = turn.run(None);
            self.after(token, outcome)?;
        }
        Ok(())
    }
}
