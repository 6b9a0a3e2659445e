//! Connections in their slots: their turns, and what those leave to do.

use std::os::fd::AsFd;

use wirenut::readiness::{Interest, Link};
use wirenut_linux::Error;
use wirenut_linux::connection::Next;
use wirenut_linux::socket::AnyByteStream;

use super::Worker;
use crate::connection::Connection;
use crate::layer::Layer;
use crate::slots::Token;
use crate::speaker::{Front, LayerState};
use crate::turn::{Outcome, Turn};
use crate::watcher::Watcher;

impl<K: Front, P: Watcher> Worker<'_, K, P> {
    /// Gives a connection a slot, and has the poller watch it. What fails is told with its name.
    pub(super) fn insert(
        &mut self,
        (state, layer): (K::State, LayerState<K>),
        stream: AnyByteStream,
    ) -> Result<Token, (Error, Token)> {
        let connection = Connection::new(state, layer, stream);
        self.counts().begin(connection.line.conversation().standing());
        let interest = connection.line.interest();
        let token = self.slots.insert(connection);
        let links = self.admission.slots_mut().links_mut();
        links.resize(links.len().max(self.slots.count() as usize), Link::NEW);
        let Some(connection) = self.slots.get(token) else { return Ok(token) };
        let watched = self.poller.register(connection.socket.as_fd(), token.for_poller(), interest);
        watched.map(|()| token).map_err(|error| (error, token))
    }

    /// The turn of the connection of that name, unless it is gone.
    pub(super) fn turn(&mut self, token: Token) -> Option<Turn<'_, K>> {
        let connection = self.slots.get(token)?;
        self.context.speaker.set_current(token);
        Some(Turn { context: &self.context, buffers: &mut self.buffers, connection, token })
    }

    /// What a turn leaves to do beyond its connection.
    pub(super) fn after(&mut self, token: Token, outcome: Outcome) -> Result<(), Error> {
        if outcome.next.is_end() || outcome.interest.is_some_and(|interest| !self.watch(token, interest)) {
            return self.remove(token.slot);
        }
        let Some(connection) = self.slots.get(token) else { return Ok(()) };
        if outcome.next == Next::Again && !connection.is_queued {
            connection.is_queued = true;
            self.queue.push(token);
        }
        if let Some(standing) = outcome.standing
            && !self.refused.contains(token)
        {
            let now = self.context.clock.now();
            self.admission.set_standing(token.slot, standing, now);
            if self.is_sole {
                self.context.handle.seat.set_standing(standing, now);
            }
        }
        if let Some(deadline) = outcome.deadline {
            self.timers.arm(&mut self.slots, token.slot, deadline);
        }
        if let Some(drain) = &mut self.drain
            && (drain.consume(token.slot, outcome.taken) || K::Layer::IS_SECURE && drain.awaits(token.slot))
        {
            drain.forget(token.slot);
            return self.retire_after_what_came(token);
        }
        Ok(())
    }

    /// Tells the poller what to wait for. False if it cannot.
    #[cold]
    fn watch(&mut self, token: Token, interest: Interest) -> bool {
        let Some(connection) = self.slots.get(token) else { return true };
        self.poller.modify(connection.socket.as_fd(), token.for_poller(), interest).is_ok()
    }

    /// Ends a connection: now if it is idle, otherwise after its response.
    pub(super) fn retire(&mut self, slot: u32) -> Result<(), Error> {
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(turn) = self.turn(token) else { return Ok(()) };
        let outcome = turn.retire();
        self.after(token, outcome)
    }

    /// Closes a connection, whatever it is doing.
    pub(super) fn remove(&mut self, slot: u32) -> Result<(), Error> {
        self.timers.disarm(&mut self.slots, slot);
        if let Some(drain) = &mut self.drain {
            drain.forget(slot);
        }
        let Some(token) = self.slots.token(slot) else { return Ok(()) };
        let Some(connection) = self.slots.remove(slot) else { return Ok(()) };
        let (has_leftover, standing) = (connection.line.has_leftover(), connection.line.conversation().standing());
        self.context.speaker.set_current(token);
        self.poller.forget(connection.socket.as_fd(), token.for_poller());
        self.context.close(connection, token);
        if has_leftover {
            self.buffers.take(slot);
        }
        self.counts().end(standing);
        if !self.refused.remove(token) {
            self.admission.release(slot);
            self.places.give_back();
        }
        self.resume()
    }
}
