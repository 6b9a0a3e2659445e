//! How a server ends: gracefully within a bounded time, or at once.

use wirenut::http::{Disposition, Rule};
use wirenut::service::Service;

use super::Worker;
use crate::error::Error;
use crate::transfer::Transfer;
use crate::wake::Stop;

impl<S: Service<Source: Transfer> + ?Sized> Worker<'_, S> {
    /// Does what the mailbox, a signal or the end of a drain wants.
    pub(super) fn obey_stop(&mut self) -> Result<(), Error> {
        let stop = self.around.mailbox.wanted_stop();
        if stop == Stop::No {
            return Ok(());
        }
        let now = self.around.clock.now();
        let until = match self.drain_until {
            Some(until) => until,
            None => {
                let until = now.saturating_add(self.config.drain);
                self.drain_until = Some(until);
                self.drain()?;
                until
            }
        };
        if stop == Stop::Now || until <= now { self.cut() } else { Ok(()) }
    }

    /// Takes nobody in any more, closes who is idle, and lets the others finish.
    fn drain(&mut self) -> Result<(), Error> {
        if let Some(mut acceptor) = self.acceptor.take() {
            acceptor.pause(&mut self.poller)?;
        }
        self.admission.drain();
        (0..self.slots.count()).try_for_each(|slot| self.retire(slot))
    }

    /// Ends all connections now.
    fn cut(&mut self) -> Result<(), Error> {
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
