//! What stands in front of whatever is spoken: proxies, which say first whom they pass on, and a layer that both ends agree on.

mod claims;
mod fronted;

use core::net::SocketAddr;

use wirenut::http;
use wirenut::proxy::Receiver;
use wirenut::readiness::Event;
use wirenut::time::Duration;
use wirenut::transport::Disposition;
use wirenut_linux::socket::AnyByteStream;

use claims::{Claim, Claims};
use fronted::{Fronted, Introduction, Stage};

use crate::board::Deadline;
use crate::farewell::Farewell;
use crate::layer::{Greeting, Layer, Start, log_failure};
use crate::proxy_protocol::ProxyProtocol;
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

    /// A connection for which there is no place is refused before its proxy has named the client.
    fn refuse(&self, call: &Call<'_>) -> Option<Self::State> {
        if L::IS_SECURE {
            self.claims.set(call.token.slot, Claim::Over(self.parting(REFUSAL, call)));
            return Some(None);
        }
        self.speaker.refuse(call).map(Some)
    }

    #[inline]
    fn spoken<'c>(&'c self, state: &'c mut Self::State, call: &Call<'c>) -> Fronted<'c, K, L> {
        let slot = call.token.slot;
        match state {
            Some(state) => Fronted { stage: Stage::Open(self.speaker.spoken(state, call)), proxied: self, slot },
            None => Fronted { stage: self.front(state, call), proxied: self, slot },
        }
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

/// The answer to a peer that speaks HTTP without TLS (RFC 9110 §15.5.1).
const CLEARTEXT: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 54\r\n\
    Connection: close\r\n\r\nThis port speaks HTTPS: use https:// in place of http\n";

/// The answer to a peer for which there is no place: a fatal alert, internal_error (RFC 8446 §6.2), which needs no handshake.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::tests::Stateless;
    use crate::layer;

    #[test]
    fn a_connection_is_not_larger_for_it() {
        type Plain = Http<'static, Stateless>;
        assert_eq!(
            size_of::<<Proxied<Plain, layer::Plain> as Speaker>::State>(),
            size_of::<<Plain as Speaker>::State>()
        );
    }
}
