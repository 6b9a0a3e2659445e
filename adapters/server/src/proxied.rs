//! What stands in front of whatever is spoken: proxies, which say first whom they pass on, and a layer that both ends agree on.

use core::cell::RefCell;
use core::mem;
use core::net::SocketAddr;
use std::collections::HashMap;

use wirenut::http;
use wirenut::proxy::{Error, Limits, Parsed, Receiver};
use wirenut::readiness::{Event, Standing};
use wirenut::time::{Duration, Instant};
use wirenut::transport::{Disposition, Progress, Protocol};
use wirenut_linux::socket::{AnyByteStream, Attempt};

use crate::board::Deadline;
use crate::farewell::Farewell;
use crate::layer::{Carrier, Greeting, Layer, Start, log_failure};
use crate::proxy_protocol::{self, ProxyProtocol};
use crate::slots::Token;
use crate::speaker::{Call, Front, LayerState, Speaker, Spoken, peer_name};

/// What is spoken behind the headers of proxies: it begins when a header is there, and knows nothing of it.
///
/// What proxies say is kept beside the connections, by slot: so all others, and those of a server without proxies, take no
/// memory for it.
pub(crate) struct Proxied<K, L> {
    speaker: K,
    layer: L,
    settings: Option<ProxyProtocol>,
    linger: Duration,
    claims: Claims,
}

impl<K, L> Proxied<K, L> {
    pub(crate) fn new(speaker: K, layer: L, settings: Option<ProxyProtocol>, limits: &http::Limits) -> Self {
        Self { speaker, layer, settings, linger: limits.linger, claims: Claims::default() }
    }
}

/// What a proxy has said of a connection.
#[derive(Clone, Debug)]
enum Claim {
    /// Not all of it has come.
    Awaited(Receiver),
    /// It said nothing that is right, or nothing in time; or nothing can be agreed on: the connection ends so.
    Over(Farewell),
    /// Who the client is.
    Client(SocketAddr),
}

/// By slot. Whoever has none is what he seems to be.
#[derive(Default)]
struct Claims(RefCell<HashMap<u32, Claim>>);

impl Claims {
    fn get(&self, slot: u32) -> Option<Claim> {
        self.0.borrow().get(&slot).cloned()
    }

    fn set(&self, slot: u32, claim: Claim) {
        self.0.borrow_mut().insert(slot, claim);
    }

    fn remove(&self, slot: u32) {
        let mut claims = self.0.borrow_mut();
        if !claims.is_empty() {
            claims.remove(&slot);
        }
    }
}

impl<K: Speaker, L: Layer> Speaker for Proxied<K, L> {
    #[cfg(feature = "tls")]
    const IS_HTTP: bool = K::IS_HTTP;

    /// None until the header is there.
    type State = Option<K::State>;
    type Spoken<'c>
        = Fronted<'c, K, L>
    where
        Self: 'c;

    fn begin(&self, call: &Call<'_>) -> Self::State {
        if let Some(settings) = &self.settings
            && call.socket.peer_address().is_ok_and(|peer| settings.is_proxy(&peer))
        {
            let receiver = Receiver::new(&settings.limits, call.clock.now());
            self.claims.set(call.token.slot, Claim::Awaited(receiver));
            return None;
        }
        Some(self.speaker.begin(call))
    }

    /// Whoever has no place is told so before he says who he is.
    fn refuse(&self, call: &Call<'_>) -> Option<Self::State> {
        if L::IS_SECURE {
            self.claims.set(call.token.slot, Claim::Over(self.parting(REFUSAL, call)));
            return Some(None);
        }
        self.speaker.refuse(call).map(Some)
    }

    #[inline]
    fn spoken<'c>(&'c self, state: &'c mut Self::State, call: &Call<'c>) -> Fronted<'c, K, L> {
        let stage = match state {
            Some(state) => Stage::Open(self.speaker.spoken(state, call)),
            None => self.front(state, call),
        };
        Fronted { stage, proxied: self, slot: call.token.slot }
    }

    fn peer(&self, token: Token, socket: &AnyByteStream) -> Option<SocketAddr> {
        match self.claims.get(token.slot) {
            Some(Claim::Client(client)) => Some(client),
            Some(Claim::Awaited(_) | Claim::Over(_)) | None => self.speaker.peer(token, socket),
        }
    }

    #[inline]
    fn set_ends_soon(&self, ends_soon: bool) {
        self.speaker.set_ends_soon(ends_soon);
    }

    #[inline]
    fn set_current(&self, token: Token) {
        self.speaker.set_current(token);
    }
}

impl<K: Speaker, L: Layer> Front for Proxied<K, L> {
    type Layer = L;

    fn layer(&self) -> &L {
        &self.layer
    }

    fn begin_layer(&self, state: &Self::State, call: &Call<'_>) -> LayerState<Self> {
        let start = match (state, self.claims.get(call.token.slot), self.settings) {
            (None, Some(Claim::Awaited(_)), Some(settings)) => Start::BehindHeader(settings.limits),
            (None, Some(Claim::Over(_)), _) => Start::Never,
            _ => Start::AtOnce,
        };
        self.layer.begin(start, call.clock.now())
    }

    fn greet(&self, state: &mut Self::State, layer: &mut LayerState<Self>, call: &Call<'_>, event: Option<Event>) {
        match self.layer.greet(layer, call.socket, event.is_some()) {
            None => {}
            Some(Greeting::Agreed { is_resumed }) => call.counts.add_handshake(is_resumed),
            Some(Greeting::Cleartext) => {
                self.fail(state, CLEARTEXT, call, "the peer speaks HTTP without TLS");
            }
            Some(Greeting::Failed(why)) => self.fail(state, &[], call, &why),
        }
    }

    #[cold]
    fn handle_layer_timeout(&self, state: &mut Self::State, layer: &mut LayerState<Self>, call: &Call<'_>) -> bool {
        let is_due = self.layer.deadline(layer).is_some_and(|until| until <= call.clock.now());
        if is_due {
            self.layer.give_up(layer);
            call.counts.add_deadline(Deadline::Head);
            self.fail(state, &[], call, "it took too long");
        }
        is_due
    }
}

/// For who speaks HTTP without TLS (RFC 9110 §15.5.1).
const CLEARTEXT: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 54\r\n\
    Connection: close\r\n\r\nThis port speaks HTTPS: use https:// in place of http\n";

/// For whom there is no place: a fatal alert, internal_error (RFC 8446 §6.2), which can be said before anything is agreed on.
const REFUSAL: &[u8] = &[21, 3, 3, 0, 2, 2, 80];

impl<K: Speaker, L: Layer> Proxied<K, L> {
    /// Says that, and waits for the peer's end.
    fn parting(&self, words: &'static [u8], call: &Call<'_>) -> Farewell {
        let until = Some(call.clock.now().saturating_add(self.linger));
        Farewell { words, disposition: Disposition::ShutdownWrite, until }
    }

    /// Nothing is agreed on.
    #[cold]
    fn fail(&self, state: &mut Option<K::State>, words: &'static [u8], call: &Call<'_>, why: &str) {
        call.counts.handshakes_failed.add(1);
        log_failure(peer_name(call.environment, call.socket), why);
        self.claims.set(call.token.slot, Claim::Over(self.parting(words, call)));
        if let Some(mut state) = state.take() {
            self.speaker.spoken(&mut state, call).close();
        }
    }

    #[cold]
    fn front<'c>(&self, state: &'c mut Option<K::State>, call: &Call<'c>) -> Stage<'c, K> {
        match (self.claims.get(call.token.slot), self.settings) {
            (Some(Claim::Awaited(receiver)), Some(settings)) => {
                Stage::Awaiting(Introduction { receiver, limits: settings.limits, state, call: *call })
            }
            (Some(Claim::Over(farewell)), _) => Stage::Over(farewell),
            (Some(Claim::Awaited(_) | Claim::Client(_)) | None, _) => Stage::Over(Farewell::silent(Disposition::Cut)),
        }
    }
}

/// A connection that still has to say whom it passes on, for a call.
struct Introduction<'c, T> {
    receiver: Receiver,
    limits: Limits,
    state: &'c mut Option<T>,
    call: Call<'c>,
}

/// How far a connection is.
enum Stage<'c, K: Speaker + 'c> {
    Awaiting(Introduction<'c, K::State>),
    Over(Farewell),
    Open(K::Spoken<'c>),
}

/// What is spoken, perhaps behind a header that has not come yet.
pub(crate) struct Fronted<'c, K: Speaker, L> {
    stage: Stage<'c, K>,
    proxied: &'c Proxied<K, L>,
    slot: u32,
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

    /// Nothing is spoken any more: changes how it ends, if that is so.
    #[cold]
    fn part(&mut self, change: impl FnOnce(&mut Farewell)) {
        if let Stage::Over(mut farewell) = self.stage {
            change(&mut farewell);
            self.set_farewell(farewell);
        }
    }

    /// The receiver is told something that may end it.
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

    #[inline]
    fn standing(&self) -> Standing {
        match &self.stage {
            Stage::Open(spoken) => spoken.standing(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::layer;
    use core::convert::Infallible;
    use wirenut::http::service::{Responder, Service, Step};
    use wirenut::http::{RequestHead, WriteError};

    struct Stateless;

    impl Service for Stateless {
        type Exchange = ();
        type Source = Infallible;

        fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<((), Step), WriteError> {
            Ok(((), Step::Abort))
        }
    }

    #[test]
    fn a_connection_is_not_larger_for_it() {
        type Plain = Http<'static, Stateless>;
        assert_eq!(
            size_of::<<Proxied<Plain, layer::Plain> as Speaker>::State>(),
            size_of::<<Plain as Speaker>::State>()
        );
    }
}
