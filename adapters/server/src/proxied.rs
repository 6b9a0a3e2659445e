//! Connections of proxies, which say first whom they pass on: in front of whatever is spoken.

use core::cell::RefCell;
use core::net::SocketAddr;
use std::collections::HashMap;

use wirenut::proxy::{Error, Parsed, Receiver, Rule};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::{AnyByteStream, Attempt};

use crate::proxy_protocol::ProxyProtocol;
use crate::slots::Token;
use crate::speaker::{Call, Speaker, Spoken};

/// What is spoken behind the headers of proxies.
///
/// What they say is kept beside the connections, by slot: so all others, and those of a server without proxies, take no
/// memory for it.
pub(crate) struct Proxied<K> {
    speaker: K,
    settings: Option<ProxyProtocol>,
    claims: Claims,
}

impl<K> Proxied<K> {
    pub(crate) fn new(speaker: K, settings: Option<ProxyProtocol>) -> Self {
        Self { speaker, settings, claims: Claims::default() }
    }
}

/// What a proxy has said of a connection.
#[derive(Clone, Debug)]
enum Claim {
    /// Not all of it has come.
    Awaited(Receiver),
    /// It is no header.
    Refused,
    /// Who the client is.
    Client(SocketAddr),
}

/// By slot. Whoever has none is what he seems to be.
#[derive(Default)]
struct Claims(RefCell<HashMap<u32, Claim>>);

impl Claims {
    fn set(&self, slot: u32, claim: Claim) {
        self.0.borrow_mut().insert(slot, claim);
    }

    fn remove(&self, slot: u32) {
        let mut claims = self.0.borrow_mut();
        if !claims.is_empty() {
            claims.remove(&slot);
        }
    }

    fn client(&self, slot: u32) -> Option<SocketAddr> {
        match self.0.borrow().get(&slot)? {
            Claim::Client(address) => Some(*address),
            Claim::Awaited(_) | Claim::Refused => None,
        }
    }

    /// What is not settled by a header.
    #[inline]
    fn unsettled(&self, slot: u32) -> Option<Claim> {
        let claims = self.0.borrow();
        if claims.is_empty() {
            return None;
        }
        claims.get(&slot).filter(|claim| !matches!(claim, Claim::Client(_))).cloned()
    }
}

impl<K: Speaker> Speaker for Proxied<K> {
    type State = K::State;
    type Spoken<'c>
        = Fronted<'c, K::Spoken<'c>>
    where
        Self: 'c;

    fn begin(&self, call: &Call<'_>) -> K::State {
        if let Some(settings) = &self.settings
            && call.socket.peer_address().is_ok_and(|peer| settings.is_proxy(&peer))
        {
            let receiver = Receiver::new(&settings.limits, call.clock.now());
            self.claims.set(call.token.slot, Claim::Awaited(receiver));
        }
        self.speaker.begin(call)
    }

    fn refuse(&self, call: &Call<'_>) -> Option<K::State> {
        self.speaker.refuse(call)
    }

    #[inline]
    fn spoken<'c>(&'c self, state: &'c mut K::State, call: &Call<'c>) -> Self::Spoken<'c> {
        let slot = call.token.slot;
        let front = self.settings.as_ref().and_then(|settings| {
            let claim = self.claims.unsettled(slot)?;
            Some(Front { claim, claims: &self.claims, settings, slot, now: call.clock.now(), socket: call.socket })
        });
        Fronted { spoken: self.speaker.spoken(state, call), front, claims: &self.claims, slot }
    }

    fn peer(&self, token: Token, socket: &AnyByteStream) -> Option<SocketAddr> {
        self.claims.client(token.slot).or_else(|| self.speaker.peer(token, socket))
    }

    #[inline]
    fn set_current(&self, token: Token) {
        self.speaker.set_current(token);
    }
}

/// A connection that still has to say whom it passes on, for a call.
struct Front<'c> {
    claim: Claim,
    claims: &'c Claims,
    settings: &'c ProxyProtocol,
    slot: u32,
    now: Instant,
    socket: &'c AnyByteStream,
}

impl Front<'_> {
    /// All that came so far. The length of the header, once it is whole.
    fn receive(&mut self, input: &[u8]) -> Option<usize> {
        let Claim::Awaited(receiver) = &mut self.claim else { return None };
        match receiver.receive(&self.settings.limits, input) {
            Ok(Parsed::NeedMore(_)) => self.claims.set(self.slot, self.claim.clone()),
            Ok(Parsed::Header(header)) => {
                match header.source() {
                    Some(client) => self.claims.set(self.slot, Claim::Client(client)),
                    None => self.claims.remove(self.slot),
                }
                return Some(header.length);
            }
            Err(error) => self.refuse(Some(error)),
        }
        None
    }

    /// The receiver is told something that may end it.
    fn tell(&mut self, tell: impl FnOnce(&mut Receiver) -> Result<(), Error>) {
        if let Claim::Awaited(receiver) = &mut self.claim
            && let Err(error) = tell(receiver)
        {
            self.refuse(Some(error));
        }
    }

    fn refuse(&mut self, why: Option<Error>) {
        if let Some(error) = why {
            log_error(self.socket, error);
        }
        self.claim = Claim::Refused;
        self.claims.set(self.slot, Claim::Refused);
    }

    /// Has something come, and is it not refused?
    fn has_begun(&self) -> bool {
        matches!(&self.claim, Claim::Awaited(receiver) if receiver.has_begun())
    }

    fn is_refused(&self) -> bool {
        matches!(self.claim, Claim::Refused)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.claim {
            Claim::Awaited(receiver) => receiver.poll_timeout(),
            Claim::Refused | Claim::Client(_) => None,
        }
    }
}

#[cold]
fn log_error(socket: &AnyByteStream, error: Error) {
    let is_check = error == Error { rule: Rule::Truncated, offset: 0 };
    let level = if is_check { log::Level::Debug } else { log::Level::Warn };
    match socket.peer_address() {
        Ok(peer) => log::log!(level, "{peer}: {error}"),
        Err(_) => log::log!(level, "unknown peer: {error}"),
    }
}

/// What is spoken, perhaps behind a header that has not come yet. Until then it hears of nothing but its own end: it could
/// take it for something of the client's.
pub(crate) struct Fronted<'c, Q> {
    spoken: Q,
    front: Option<Front<'c>>,
    claims: &'c Claims,
    slot: u32,
}

impl<Q: Protocol> Protocol for Fronted<'_, Q> {
    #[inline]
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        let Some(front) = &mut self.front else { return self.spoken.drive(input, store, output) };
        let Some(length) = front.receive(input) else { return Progress::default() };
        self.front = None;
        let Progress { taken, written } = self.spoken.drive(&input[length..], store, output);
        Progress { taken: length + taken, written }
    }

    #[inline]
    fn stored(&self) -> usize {
        self.spoken.stored()
    }

    fn handle_eof(&mut self) {
        match &mut self.front {
            Some(front) => front.tell(Receiver::handle_eof),
            None => self.spoken.handle_eof(),
        }
    }

    #[inline]
    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.spoken.handle_sent(sent, left);
    }

    fn handle_wake(&mut self) {
        self.spoken.handle_wake();
    }

    fn handle_drain(&mut self) {
        self.spoken.handle_drain();
    }

    fn retire_after_next(&mut self) {
        self.spoken.retire_after_next();
    }

    fn retire(&mut self) {
        self.spoken.retire();
    }

    /// A header that is half there gives way without an answer.
    fn give_way(&mut self, has_unread: bool) -> bool {
        match &mut self.front {
            Some(front) if front.has_begun() => {
                front.refuse(None);
                true
            }
            Some(_) | None => self.spoken.give_way(has_unread),
        }
    }

    fn handle_timeout(&mut self) {
        match &mut self.front {
            Some(front) => {
                let now = front.now;
                front.tell(|receiver| receiver.handle_timeout(now));
            }
            None => self.spoken.handle_timeout(),
        }
    }

    fn handle_read_closed(&mut self) {
        self.spoken.handle_read_closed();
    }

    #[inline]
    fn wants_read_closed(&self) -> bool {
        self.front.is_none() && self.spoken.wants_read_closed()
    }

    fn handle_reset(&mut self) {
        match &mut self.front {
            Some(front) => front.refuse(None),
            None => self.spoken.handle_reset(),
        }
    }

    #[inline]
    fn poll_timeout(&self) -> Option<Instant> {
        match &self.front {
            Some(front) => front.poll_timeout(),
            None => self.spoken.poll_timeout(),
        }
    }

    #[inline]
    fn is_readable(&self) -> bool {
        match &self.front {
            Some(front) => !front.is_refused(),
            None => self.spoken.is_readable(),
        }
    }

    #[inline]
    fn standing(&self) -> Standing {
        match &self.front {
            Some(front) if front.is_refused() => Standing::Busy,
            Some(front) if front.has_begun() => Standing::Reading,
            Some(_) | None => self.spoken.standing(),
        }
    }

    #[inline]
    fn disposition(&self) -> Disposition {
        match &self.front {
            Some(front) if front.is_refused() => Disposition::Abort,
            Some(_) | None => self.spoken.disposition(),
        }
    }

    #[inline]
    fn transfer(&self) -> Option<u64> {
        self.spoken.transfer()
    }
}

impl<Q: Spoken> Spoken for Fronted<'_, Q> {
    fn move_bytes(&mut self, length: u64) -> Attempt<u64> {
        self.spoken.move_bytes(length)
    }

    fn give_up(&mut self) {
        match &mut self.front {
            Some(front) => front.refuse(None),
            None => self.spoken.give_up(),
        }
    }

    fn close(&mut self) {
        self.claims.remove(self.slot);
        self.spoken.close();
    }
}
