//! A service with a WebSocket beside it: what it adds to the service alone is what WebSocket weighs.

use core::convert::Infallible;

use wirenut::http::service::{Exchange, HandlerError, Responder, Service, Step};
use wirenut::http::{Error, FieldFilter, Fields, Limits, RequestHead, WriteError};
use wirenut::websocket::handshake::PLAIN_READ_FIELDS;
use wirenut::websocket::{self, Kind, MessageHandler, Next, Outbox, WebSocket};

/// It keeps the fields of a handshake, which have up to 300 bytes with the first line, and the longest message.
pub const LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &PLAIN_READ_FIELDS, bytes: 300 }), ..Limits::DEFAULT };

/// Sends each message back, and has no more than that takes: it makes no `str` of a text, and does not watch its peer.
#[derive(Clone, Copy)]
pub struct Echo;

impl MessageHandler for Echo {
    const ROOM: usize = 138;
    const WATCHES: bool = false;

    fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.message(kind, message).into()
    }
}

/// Sends each text back, as a `str`, and watches its peer.
#[derive(Clone, Copy)]
pub struct TextEcho;

impl MessageHandler for TextEcho {
    const ROOM: usize = 138;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }
}

/// A service, and a WebSocket with that handler for whoever asks for an upgrade.
pub struct WithWebSocket<S, H>(pub S, pub H);

/// A request in flight.
pub enum InFlight<E, H> {
    /// One of the service.
    Service(E),
    /// The WebSocket.
    WebSocket(WebSocket<H>),
    /// One for a WebSocket that was refused.
    Refused,
}

impl<S: Service<Source = Infallible>, H: MessageHandler + Copy> Service for WithWebSocket<S, H> {
    type Exchange = InFlight<S::Exchange, H>;
    type Source = Infallible;
    const UPGRADES: bool = true;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        if head.fields.get("Upgrade").is_none() {
            let (exchange, step) = self.0.request(head, responder)?;
            return Ok((InFlight::Service(exchange), step));
        }
        match websocket::upgrade(head, responder, self.1) {
            Ok(socket) => Ok((InFlight::WebSocket(socket), Step::More)),
            Err(HandlerError::Write(error)) => Err(error),
            Err(_) => Ok((InFlight::Refused, Step::Done)),
        }
    }

    fn body(
        &self,
        exchange: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.body(exchange, piece, responder),
            InFlight::WebSocket(socket) => Ok(socket.converse(piece, false, responder)),
            InFlight::Refused => Ok((0, Step::Done)),
        }
    }

    fn end(
        &self,
        exchange: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.end(exchange, trailers, responder),
            InFlight::WebSocket(socket) => Ok(socket.converse(&[], true, responder).1),
            InFlight::Refused => Ok(Step::Done),
        }
    }

    fn proceed(&self, exchange: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.proceed(exchange, responder),
            InFlight::WebSocket(socket) => Ok(socket.converse(&[], false, responder).1),
            InFlight::Refused => Ok(Step::Done),
        }
    }

    fn closed(&self, exchange: Self::Exchange, outcome: Result<(), Error>) {
        match exchange {
            InFlight::Service(exchange) => self.0.closed(exchange, outcome),
            InFlight::WebSocket(socket) => Exchange::<(), Infallible>::closed(socket, (), outcome),
            InFlight::Refused => {}
        }
    }
}
