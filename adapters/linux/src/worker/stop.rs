//! How a server ends: gracefully within a bounded time, or at once.

use alloc::collections::VecDeque;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use wirenut::http::service::Service;
use wirenut::http::{Disposition, Rule};
use wirenut::time::{Duration, Instant};

use super::Worker;
use super::admit::Came;
use crate::connection::Outbound;
use crate::error::Error;
use crate::slots::Token;
use crate::transfer::Transfer;
use crate::wake::Stop;

/// How long somebody who has connected, and asked nothing yet, is waited for.
const GRACE: Duration = Duration::from_millis(100);

/// The end of a worker that lets exchanges finish.
pub(super) struct Drain {
    /// What is left then is cut.
    until: Instant,
    /// How many may still come in from the queue: as many as it holds. Others may come for as long as one looks.
    most_accepted: u32,
    /// By slot: how many of the bytes that had come are not consumed yet. The connection is retired after them.
    owed: HashMap<u32, u64>,
    /// Those that have not asked anything yet, and until when that is waited for. The first one is due first.
    fresh: VecDeque<(Token, Instant)>,
}

impl Drain {
    /// When there is something to do, if nothing happens before.
    pub(super) fn poll_timeout(&self) -> Instant {
        self.fresh.front().map_or(self.until, |(_, until)| self.until.min(*until))
    }

    /// Bytes were consumed. True if it is time to retire the connection: once.
    pub(super) fn has_paid(&mut self, slot: u32, taken: u64) -> bool {
        let Entry::Occupied(mut owed) = self.owed.entry(slot) else { return false };
        *owed.get_mut() = owed.get().saturating_sub(taken);
        let has_paid = *owed.get() == 0;
        if has_paid {
            owed.remove();
        }
        has_paid
    }

    /// The connection is gone.
    pub(super) fn forget(&mut self, slot: u32) {
        self.owed.remove(&slot);
    }
}

impl<S: Service<Source: Transfer> + ?Sized> Worker<'_, S> {
    /// Does what the mailbox, a signal or the end of a drain wants.
    pub(super) fn obey_stop(&mut self) -> Result<(), Error> {
        let stop = self.around.mailbox.wanted_stop();
        if stop == Stop::No {
            return Ok(());
        }
        if self.drain.is_none() {
            self.begin_drain();
            // So whoever sees the end of an idle connection finds nobody who listens any more.
            self.accept_rest()?;
            (0..self.slots.count()).try_for_each(|slot| self.retire_paid(slot))?;
        }
        let now = self.around.clock.now();
        if stop == Stop::Now || self.drain.as_ref().is_some_and(|drain| drain.until <= now) {
            return self.cut();
        }
        self.retire_silent()?;
        self.accept_rest()
    }

    fn begin_drain(&mut self) {
        let until = self.around.clock.now().saturating_add(self.config.drain);
        self.drain = Some(Drain {
            until,
            most_accepted: self.config.backlog.max(1),
            owed: HashMap::new(),
            fresh: VecDeque::new(),
        });
    }

    /// Ends a connection once all that has come on it is answered: now if that is nothing.
    ///
    /// Whoever has connected and asked nothing yet is about to, and has a moment for it. Otherwise what is not here yet when
    /// it is looked at is not waited for. If it comes while the connection is being closed, the peer gets a reset: as
    /// everywhere where a server closes a connection that its peer may use.
    pub(super) fn retire_paid(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(connection) = self.slots.named(token) else { return Ok(()) };
        let Some(drain) = &mut self.drain else { return self.retire(slot) };
        let is_fresh = connection.session.is_idle() && connection.outbound == Outbound::Unused;
        match connection.unread() {
            0 if is_fresh => {
                // It is retired after whatever comes.
                drain.owed.insert(slot, 1);
                drain.fresh.push_back((token, self.around.clock.now().saturating_add(GRACE)));
                Ok(())
            }
            0 => self.retire(slot),
            unread => {
                drain.owed.insert(slot, unread);
                Ok(())
            }
        }
    }

    /// Ends those that have asked nothing in time.
    fn retire_silent(&mut self) -> Result<(), Error> {
        let now = self.around.clock.now();
        loop {
            let Some(drain) = &mut self.drain else { return Ok(()) };
            let Some(&(token, _)) = drain.fresh.front().filter(|(_, until)| *until <= now) else { return Ok(()) };
            drain.fresh.pop_front();
            let Some(connection) = self.slots.named(token) else { continue };
            if connection.outbound == Outbound::Unused && connection.session.is_idle() && connection.unread() == 0 {
                drain.forget(token.slot);
                self.retire(token.slot)?;
            }
        }
    }

    /// Takes in all who wait, as far as there are places, and then listens no more. Several workers take from one queue,
    /// and the last of them closes it: who comes in between its last look and that is reset by the system.
    fn accept_rest(&mut self) -> Result<(), Error> {
        while let (Some(drain), Some(_)) = (&self.drain, &self.acceptor) {
            if drain.most_accepted == 0 {
                return self.stop_listening();
            }
            match self.accept_one()? {
                Came::Somebody => {
                    if let Some(drain) = &mut self.drain {
                        drain.most_accepted -= 1;
                    }
                }
                Came::Nobody => return self.stop_listening(),
                Came::Later => return Ok(()),
            }
        }
        Ok(())
    }

    fn stop_listening(&mut self) -> Result<(), Error> {
        self.admission.drain();
        match self.acceptor.take() {
            // Closing it is not enough while others watch it.
            Some(mut acceptor) => acceptor.pause(&mut self.poller),
            None => Ok(()),
        }
    }

    /// Ends all connections now.
    fn cut(&mut self) -> Result<(), Error> {
        self.stop_listening()?;
        while self.refused.close_oldest() {}
        for slot in 0..self.slots.count() {
            let Some(token) = self.slots.token(slot) else { continue };
            let Some(turn) = self.turn(token) else { continue };
            // One that has sent all it will is not cut, and must not be reset.
            if turn.connection.session.disposition() != Disposition::ShutdownWrite {
                turn.lose(Rule::HostClosed);
                self.report.cut += 1;
            }
            self.remove(slot)?;
        }
        Ok(())
    }
}
