//! What is spoken over the connections of a worker: the seam between its loop and HTTP, or any other protocol.

use core::net::SocketAddr;

use wirenut::readiness::Event;
use wirenut::transport::{Environment, Protocol};
use wirenut_linux::socket::{AnyAddress, AnyByteStream, Attempt};

use crate::board::Counts;
use crate::clock::Clock;
use crate::layer::{Carrier, Layer};
use crate::slots::Token;

/// What one worker speaks over all of its connections.
pub(crate) trait Speaker {
    /// True for HTTP, which has a name in TLS (ALPN), says itself whether a message is whole, and has an answer for a peer that
    /// does not speak TLS.
    #[cfg(feature = "tls")]
    const IS_HTTP: bool = false;

    /// What is kept of a connection between two turns.
    type State;

    /// That, and all that it works with, for a call.
    type Spoken<'c>: Spoken
    where
        Self: 'c;

    /// A connection has come, and has a place.
    fn begin(&self, call: &Call<'_>) -> Self::State;

    /// A connection has come that has no place: what tells it so. None: it is closed without a word.
    fn refuse(&self, call: &Call<'_>) -> Option<Self::State>;

    /// For a call.
    fn spoken<'c>(&'c self, state: &'c mut Self::State, call: &Call<'c>) -> Self::Spoken<'c>;

    /// The address of whoever is served over a connection, if it has one: the peer's, unless that speaks for somebody else.
    fn peer(&self, _: Token, socket: &AnyByteStream) -> Option<SocketAddr> {
        socket.peer_address().ok()?.internet()
    }

    /// From now on connections that have a turn are not to last, since the server will end; or they are.
    fn set_ends_soon(&self, _ends_soon: bool) {}

    /// The connection of that name is called next.
    fn set_current(&self, _: Token) {}
}

/// A speaker behind all that comes before: what proxies say, and a layer that both ends agree on.
pub(crate) trait Front: Speaker {
    /// What lies between the sockets and what is spoken.
    type Layer: Layer;

    fn layer(&self) -> &Self::Layer;

    /// The layer of a connection that has come, or was refused.
    fn begin_layer(&self, state: &Self::State, call: &Call<'_>) -> LayerState<Self>;

    /// Goes on to agree with the peer, before a turn. Called only if the layer is secure.
    fn greet(&self, state: &mut Self::State, layer: &mut LayerState<Self>, call: &Call<'_>, event: Option<Event>);

    /// Ends a connection on which agreeing takes too long. True if that is so.
    fn handle_layer_timeout(&self, state: &mut Self::State, layer: &mut LayerState<Self>, call: &Call<'_>) -> bool;
}

/// What the layer of a speaker keeps of a connection.
pub(crate) type LayerState<K> = <<K as Front>::Layer as Layer>::State;

/// One end of a connection, as its worker drives it.
pub(crate) trait Spoken: Protocol {
    /// An idle connection always has the same time, as between two requests of HTTP. Then its timer need not be set anew while
    /// it stays idle. In a tunnel that is not so: a silent peer of WebSocket is asked, and has less time for its answer.
    const HAS_ONE_IDLE_TIME: bool = false;

    /// Moves up to so many bytes of what [`Protocol::transfer`] announced: see
    /// [`Connection::turn`](wirenut_linux::connection::Connection::turn).
    fn move_bytes<C: Carrier>(&mut self, carrier: &mut C, length: u64) -> Attempt<u64>;

    /// Has it just come to its end in a call that only looks, so that nobody else would notice?
    fn is_over(&self) -> bool {
        false
    }

    /// The host gives the connection up, whatever it is doing.
    fn give_up(&mut self);

    /// The connection is gone. Nothing else is called afterwards.
    fn close(&mut self);
}

/// What each call is given.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) clock: &'c Clock,
    pub(crate) environment: &'c Environment<'c>,
    pub(crate) socket: &'c AnyByteStream,
    pub(crate) counts: &'c Counts,
    /// The connection's name.
    pub(crate) token: Token,
}

/// What a log calls whoever is served, as long as the socket knows its peer.
pub(crate) fn peer_name(environment: &Environment<'_>, socket: &AnyByteStream) -> Option<AnyAddress> {
    (environment.peer)().map(AnyAddress::from).or_else(|| socket.peer_address().ok())
}
