//! How a server ends: gracefully within a bounded time, or at once.

use alloc::collections::VecDeque;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use wirenut::time::{Duration, Instant};
use wirenut_linux::Error;

use super::Worker;
use super::admit::AcceptOutcome;
use crate::board::Stop;
use crate::layer::Layer;
use crate::slots::Token;
use crate::speaker::Front;
use crate::watcher::Watcher;

/// How long somebody who has connected, and asked nothing yet, is waited for.
const GRACE: Duration = Duration::from_millis(100);

/// The end of a worker that lets exchanges finish.
pub(super) struct Drain {
    /// What is left then is cut.
    until: Instant,
    /// How many may still come in from the queue: as many as it holds. Others may come for as long as one looks.
    accepts_left: u32,
    /// By slot: how many of the bytes that had come are not consumed yet. The connection is retired after them.
    unconsumed: HashMap<u32, u64>,
    /// Those that have not asked anything yet, and until when that is waited for. The first one is due first.
    fresh: VecDeque<(Token, Instant)>,
}

impl Drain {
    /// When there is something to do, if nothing happens before.
    pub(super) fn poll_timeout(&self) -> Instant {
        self.fresh.front().map_or(self.until, |(_, until)| self.until.min(*until))
    }

    /// Bytes were consumed. True if it is time to retire the connection: once.
    pub(super) fn consume(&mut self, slot: u32, taken: usize) -> bool {
        let Entry::Occupied(mut unconsumed) = self.unconsumed.entry(slot) else { return false };
        *unconsumed.get_mut() = unconsumed.get().saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
        let is_all = *unconsumed.get() == 0;
        if is_all {
            unconsumed.remove();
        }
        is_all
    }

    /// Has it something that is not consumed yet?
    pub(super) fn awaits(&self, slot: u32) -> bool {
        self.unconsumed.contains_key(&slot)
    }

    /// It has not asked anything yet, and is waited for: it is retired after whatever comes.
    fn wait_for_first(&mut self, token: Token, now: Instant) {
        self.unconsumed.insert(token.slot, 1);
        self.fresh.push_back((token, now.saturating_add(GRACE)));
    }

    /// It is looked at again when more was consumed.
    fn await_more(&mut self, slot: u32) {
        self.unconsumed.insert(slot, 1);
    }

    /// The connection is gone.
    pub(super) fn forget(&mut self, slot: u32) {
        self.unconsumed.remove(&slot);
    }
}

impl<K: Front, P: Watcher> Worker<'_, K, P> {
    /// Does what the handle, a signal or the end of a drain wants.
    #[inline]
    pub(super) fn obey_stop(&mut self) -> Result<(), Error> {
        if self.context.handle.seat.is_told_to_stop() { self.stop() } else { Ok(()) }
    }

    #[cold]
    fn stop(&mut self) -> Result<(), Error> {
        let seat = &self.context.handle.seat;
        let stop = seat.wanted_stop();
        if stop == Stop::No {
            self.stops_at = seat.delayed_until();
            return Ok(());
        }
        if self.drain.is_none() {
            if stop == Stop::HandOver && self.lets_connections_end()? {
                return Ok(());
            }
            self.begin_drain(stop);
            // So whoever sees the end of an idle connection finds nobody who listens any more.
            self.accept_rest()?;
            (0..self.slots.count()).try_for_each(|slot| self.retire_when_answered(slot))?;
        }
        let now = self.context.clock.now();
        if stop == Stop::Now || self.drain.as_ref().is_some_and(|drain| drain.until <= now) {
            return self.cut();
        }
        self.retire_unused()?;
        self.accept_rest()
    }

    /// Others accept from its first call on, and each answer is the last one of its connection. False once the time for that is
    /// over.
    fn lets_connections_end(&mut self) -> Result<bool, Error> {
        let now = self.context.clock.now();
        if let Some(until) = self.handed_over_until {
            return Ok(now < until);
        }
        if self.config.drain == Duration::default() {
            return Ok(false);
        }
        self.stop_listening()?;
        self.handed_over_until = Some(now.saturating_add(self.config.drain));
        Ok(true)
    }

    fn begin_drain(&mut self, stop: Stop) {
        let now = self.context.clock.now();
        // Who has handed over has waited for so long already.
        let until = if stop == Stop::HandOver { now } else { now.saturating_add(self.config.drain) };
        self.handed_over_until = None;
        self.drain = Some(Drain {
            until,
            accepts_left: self.config.backlog.max(1),
            unconsumed: HashMap::new(),
            fresh: VecDeque::new(),
        });
    }

    /// Ends a connection once all that has come on it is answered: now if that is nothing.
    ///
    /// Whoever has connected and asked nothing yet is about to, and has a moment for it. Otherwise what is not here yet when
    /// it is looked at is not waited for. If it comes while the connection is being closed, the peer gets a reset: as
    /// everywhere where a server closes a connection that its peer may use.
    pub(super) fn retire_when_answered(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(mut turn) = self.turn(token) else { return Ok(()) };
        // A part of a record of TLS is waited for as half a head is: a request may be on its way.
        let (is_fresh, unread) = (turn.is_fresh(), turn.unread().max(turn.holds_part().into()));
        let Some(drain) = &mut self.drain else { return self.retire(slot) };
        match unread {
            0 if is_fresh => {
                drain.wait_for_first(token, self.context.clock.now());
                Ok(())
            }
            0 => self.retire(slot),
            unread => {
                drain.unconsumed.insert(slot, unread);
                // What waits before it does not wait for ever.
                let Some(turn) = self.turn(token) else { return Ok(()) };
                let outcome = turn.drain();
                self.after(token, outcome)
            }
        }
    }

    /// Ends a connection that has consumed what had come. If nothing was asked by that (a proxy said whom it passes on), it is
    /// waited for as if it had just connected.
    pub(super) fn retire_after_what_came(&mut self, token: Token) -> Result<(), Error> {
        let now = self.context.clock.now();
        // What is encrypted cannot be counted before: how much of it is content only shows when it has come.
        if K::Layer::IS_SECURE
            && self.turn(token).is_some_and(|mut turn| turn.unread() > 0 || turn.holds_part())
            && let Some(drain) = &mut self.drain
        {
            drain.await_more(token.slot);
            return Ok(());
        }
        if self.turn(token).is_some_and(|mut turn| turn.is_fresh())
            && let Some(drain) = &mut self.drain
        {
            drain.wait_for_first(token, now);
            return Ok(());
        }
        self.retire(token.slot)
    }

    /// Ends those that have asked nothing in time.
    fn retire_unused(&mut self) -> Result<(), Error> {
        let now = self.context.clock.now();
        loop {
            let Some(drain) = &mut self.drain else { return Ok(()) };
            let Some(&(token, _)) = drain.fresh.front().filter(|(_, until)| *until <= now) else { return Ok(()) };
            drain.fresh.pop_front();
            let Some(mut turn) = self.turn(token) else { continue };
            if turn.is_fresh() && turn.unread() == 0 && !turn.holds_part() {
                if let Some(drain) = &mut self.drain {
                    drain.forget(token.slot);
                }
                self.retire(token.slot)?;
            }
        }
    }

    /// Takes in all who wait, as far as there are places, and then listens no more. Several workers take from one queue,
    /// and the last of them closes it: who comes in between its last look and that is reset by the system.
    fn accept_rest(&mut self) -> Result<(), Error> {
        while let (Some(drain), Some(_)) = (&self.drain, &self.acceptor) {
            if drain.accepts_left == 0 {
                return self.stop_listening();
            }
            match self.accept_one()? {
                AcceptOutcome::Accepted => {
                    if let Some(drain) = &mut self.drain {
                        drain.accepts_left -= 1;
                    }
                }
                AcceptOutcome::NoneWaiting => return self.stop_listening(),
                AcceptOutcome::Paused => return Ok(()),
            }
        }
        Ok(())
    }

    fn stop_listening(&mut self) -> Result<(), Error> {
        self.admission.drain();
        match self.acceptor.take() {
            // Closing it is not enough while others watch it.
            Some(mut acceptor) => {
                acceptor.pause(&mut self.poller)?;
                self.context.handle.seat.set_watches_queue(false);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Ends all connections now.
    fn cut(&mut self) -> Result<(), Error> {
        self.stop_listening()?;
        while self.close_oldest_refused()? {}
        for slot in 0..self.slots.count() {
            let Some(token) = self.slots.token(slot) else { continue };
            let Some(turn) = self.turn(token) else { continue };
            // One that has sent all it will is not cut, and must not be reset.
            if turn.give_up() {
                self.counts().cut.add(1);
            }
            self.remove(slot)?;
        }
        Ok(())
    }
}
