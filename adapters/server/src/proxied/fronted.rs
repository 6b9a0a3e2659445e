//! What is spoken, perhaps behind a header of a proxy that has not come yet.

use core::mem;

use wirenut::proxy::{Error, Limits, Parsed, Receiver};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::Attempt;

use super::Proxied;
use super::claims::Claim;
use crate::farewell::Farewell;
use crate::layer::{Carrier, Layer};
use crate::proxy_protocol;
use crate::speaker::{Call, Speaker, Spoken};

/// A connection that still has to say whom it passes on, for a call.
pub(super) struct Introduction<'c, T> {
    pub(super) receiver: Receiver,
    pub(super) limits: Limits,
    pub(super) state: &'c mut Option<T>,
    pub(super) call: Call<'c>,
}

/// How far a connection is.
///
/// Its tag is a byte of its own, and the first stage is what nearly all connections are at: a tag hidden in what a stage holds
/// costs each look some instructions.
#[repr(u8)]
pub(super) enum Stage<'c, K: Speaker + 'c> {
    Open(K::Spoken<'c>),
    Awaiting(Introduction<'c, K::State>),
    Over(Farewell),
}

/// What is spoken, perhaps behind a header that has not come yet.
pub(crate) struct Fronted<'c, K: Speaker, L> {
    pub(super) stage: Stage<'c, K>,
    pub(super) proxied: &'c Proxied<K, L>,
    pub(super) slot: u32,
}

impl<K: Speaker, L: Layer> Fronted<'_, K, L> {
    /// All that came so far. The length of the header, once it is whole: then the rest is what is spoken.
    #[cold]
    fn receive(&mut self, input: &[u8]) -> Option<usize> {
        let Stage::Awaiting(front) = &mut self.stage else { return None };
        let claims = &self.proxied.claims;
        match front.receiver.receive(&front.limits, input) {
            Ok(Parsed::NeedMore(_)) => claims.set(self.slot, Claim::Awaited(front.receiver.clone())),
            Ok(Parsed::Header(header)) => {
                match header.source() {
                    Some(client) => claims.set(self.slot, Claim::Client(client)),
                    None => claims.remove(self.slot),
                }
                self.open();
                return Some(header.length);
            }
            Err(error) => self.refuse(error),
        }
        None
    }

    /// What is spoken begins.
    fn open(&mut self) {
        let stage = mem::replace(&mut self.stage, Stage::Over(Farewell::silent(Disposition::Cut)));
        let Stage::Awaiting(Introduction { state, call, .. }) = stage else { return };
        let speaker = &self.proxied.speaker;
        let state = state.insert(speaker.begin(&call));
        self.stage = Stage::Open(speaker.spoken(state, &call));
    }

    #[cold]
    fn refuse(&mut self, error: Error) {
        if let Stage::Awaiting(front) = &self.stage {
            let peer = front.call.socket.peer_address().ok();
            let disposition = proxy_protocol::refuse(peer.as_ref(), error, front.call.counts);
            self.end(disposition);
        }
    }

    #[cold]
    fn end(&mut self, disposition: Disposition) {
        self.set_farewell(Farewell::silent(disposition));
    }

    #[cold]
    fn set_farewell(&mut self, farewell: Farewell) {
        self.proxied.claims.set(self.slot, Claim::Over(farewell));
        self.stage = Stage::Over(farewell);
    }

    /// Changes how the connection ends, if it is ending.
    #[cold]
    fn part(&mut self, change: impl FnOnce(&mut Farewell)) {
        if let Stage::Over(mut farewell) = self.stage {
            change(&mut farewell);
            self.set_farewell(farewell);
        }
    }

    /// Gives the receiver an event that may end the connection.
    fn tell(&mut self, tell: impl FnOnce(&mut Receiver, Instant) -> Result<(), Error>) {
        if let Stage::Awaiting(front) = &mut self.stage
            && let Err(error) = tell(&mut front.receiver, front.call.clock.now())
        {
            self.refuse(error);
        }
    }
}

impl<K: Speaker, L: Layer> Protocol for Fronted<'_, K, L> {
    #[inline]
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        if let Stage::Open(spoken) = &mut self.stage {
            if L::IS_SECURE && self.proxied.layer.has_left() {
                // It is not to end before that, either.
                self.proxied.speaker.set_ends_soon(false);
            }
            return spoken.drive(input, store, output);
        }
        if let Stage::Over(mut farewell) = self.stage {
            let progress = farewell.drive(input, output);
            self.set_farewell(farewell);
            return progress;
        }
        let length = self.receive(input);
        let (Some(length), Stage::Open(spoken)) = (length, &mut self.stage) else { return Progress::default() };
        let Progress { taken, written } = spoken.drive(&input[length..], store, output);
        Progress { taken: length + taken, written }
    }

    #[inline]
    fn stored(&self) -> usize {
        if let Stage::Open(spoken) = &self.stage { spoken.stored() } else { 0 }
    }

    fn handle_eof(&mut self) {
        match &mut self.stage {
            Stage::Open(spoken) => spoken.handle_eof(),
            Stage::Awaiting(_) => self.tell(|receiver, _| receiver.handle_eof()),
            Stage::Over(_) => self.part(Farewell::handle_end),
        }
    }

    #[inline]
    fn handle_sent(&mut self, sent: usize, left: usize) {
        if let Stage::Open(spoken) = &mut self.stage {
            spoken.handle_sent(sent, left);
        }
    }

    fn handle_now(&mut self, now: Instant) {
        if let Stage::Open(spoken) = &mut self.stage {
            spoken.handle_now(now);
        }
    }

    fn handle_wake(&mut self) {
        if let Stage::Open(spoken) = &mut self.stage {
            spoken.handle_wake();
        }
    }

    fn handle_drain(&mut self) {
        if let Stage::Open(spoken) = &mut self.stage {
            spoken.handle_drain();
        }
    }

    fn retire(&mut self) {
        match &mut self.stage {
            Stage::Open(spoken) => spoken.retire(),
            Stage::Awaiting(_) => self.end(Disposition::Close),
            Stage::Over(_) => {}
        }
    }

    /// A header that is half there gives way.
    fn give_way(&mut self, has_unread: bool) -> bool {
        match &mut self.stage {
            Stage::Open(spoken) => return spoken.give_way(has_unread),
            Stage::Awaiting(front) if has_unread && !front.receiver.has_begun() => return false,
            Stage::Awaiting(_) => self.end(Disposition::Close),
            Stage::Over(_) => {}
        }
        true
    }

    fn handle_timeout(&mut self) {
        match &mut self.stage {
            Stage::Open(spoken) => spoken.handle_timeout(),
            Stage::Awaiting(_) => self.tell(Receiver::handle_timeout),
            Stage::Over(_) => self.part(Farewell::handle_end),
        }
    }

    fn needed_room(&self) -> usize {
        if let Stage::Open(spoken) = &self.stage { spoken.needed_room() } else { 0 }
    }

    fn handle_read_closed(&mut self) {
        if let Stage::Open(spoken) = &mut self.stage {
            spoken.handle_read_closed();
        }
    }

    #[inline]
    fn wants_read_closed(&self) -> bool {
        if let Stage::Open(spoken) = &self.stage { spoken.wants_read_closed() } else { false }
    }

    fn handle_reset(&mut self) {
        match &mut self.stage {
            Stage::Open(spoken) => spoken.handle_reset(),
            Stage::Awaiting(_) | Stage::Over(_) => self.end(Disposition::Cut),
        }
    }

    #[inline]
    fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Open(spoken) => spoken.poll_timeout(),
            Stage::Awaiting(front) => front.receiver.poll_timeout(),
            Stage::Over(farewell) => farewell.until,
        }
    }

    #[inline]
    fn is_readable(&self) -> bool {
        match &self.stage {
            Stage::Open(spoken) => spoken.is_readable(),
            Stage::Awaiting(_) => true,
            Stage::Over(farewell) => farewell.is_readable(),
        }
    }

    /// A part of a record is a part of what it says, as a part of a head is.
    #[inline]
    fn standing(&self) -> Standing {
        match &self.stage {
            Stage::Open(spoken) => match spoken.standing() {
                Standing::Idle if L::IS_SECURE && self.proxied.layer.lent_holds_part() => Standing::Reading,
                standing @ (Standing::Idle | Standing::Reading | Standing::Busy | Standing::Lingering) => standing,
            },
            Stage::Awaiting(front) if front.receiver.has_begun() => Standing::Reading,
            Stage::Awaiting(_) => Standing::Idle,
            Stage::Over(farewell) => farewell.standing(),
        }
    }

    #[inline]
    fn disposition(&self) -> Disposition {
        match &self.stage {
            Stage::Open(spoken) => spoken.disposition(),
            Stage::Awaiting(_) => Disposition::Open,
            Stage::Over(farewell) => farewell.disposition(),
        }
    }

    #[inline]
    fn transfer(&self) -> Option<u64> {
        if let Stage::Open(spoken) = &self.stage { spoken.transfer() } else { None }
    }
}

impl<'f, K: Speaker, L: Layer> Spoken for Fronted<'f, K, L> {
    const HAS_ONE_IDLE_TIME: bool = <K::Spoken<'f> as Spoken>::HAS_ONE_IDLE_TIME;

    fn move_bytes<C: Carrier>(&mut self, carrier: &mut C, length: u64) -> Attempt<u64> {
        if let Stage::Open(spoken) = &mut self.stage { spoken.move_bytes(carrier, length) } else { Attempt::Done(0) }
    }

    fn is_over(&self) -> bool {
        if let Stage::Open(spoken) = &self.stage { spoken.is_over() } else { false }
    }

    fn give_up(&mut self) {
        match &mut self.stage {
            Stage::Open(spoken) => spoken.give_up(),
            Stage::Awaiting(_) | Stage::Over(_) => self.end(Disposition::Cut),
        }
    }

    fn close(&mut self) {
        if let Stage::Open(spoken) = &mut self.stage {
            spoken.close();
        }
        self.proxied.claims.remove(self.slot);
    }
}
