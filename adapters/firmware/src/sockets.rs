//! A service with a WebSocket beside it: what it adds to the service alone is what WebSocket weighs.

use core::convert::Infallible;

use wirenut::http::service::{Exchange, HandlerError, Responder, Service, Step};
use wirenut::http::{Error, FieldFilter, Fields, Limits, RequestHead, WriteError};
use wirenut::websocket::handshake::READ_FIELDS;
use wirenut::websocket::{self, MessageHandler, Next, Outbox, WebSocket};

/// It keeps the fields of a handshake, which have up to 300 bytes with the first line, and the longest message.
pub const LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &READ_FIELDS, bytes: 300 }), ..Limits::DEFAULT };

/// Sends each text back.
pub struct Echo;

impl MessageHandler for Echo {
    const ROOM: usize = 138;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }
}

/// A service, and a WebSocket for whoever asks for an upgrade.
pub struct WithWebSocket<S>(pub S);

/// A request in flight.
pub enum InFlight<E> {
    /// One of the service.
    Service(E),
    /// The WebSocket. `None`: the request was refused.
    WebSocket(Option<WebSocket<Echo>>),
}

impl<S: Service<Source = Infallible>> Service for WithWebSocket<S> {
    type Exchange = InFlight<S::Exchange>;
    type Source = Infallible;
    const UPGRADES: bool = true;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        if head.fields.get("Upgrade").is_none() {
            return self.0.request(head, responder).map(|(exchange, step)| (InFlight::Service(exchange), step));
        }
        match websocket::upgrade(head, responder, Echo) {
            Ok(socket) => Ok((InFlight::WebSocket(Some(socket)), Step::More)),
            Err(error) => Ok((InFlight::WebSocket(None), error.into_step()?)),
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
            InFlight::WebSocket(socket) => {
                socket.body((), piece, responder).or_else(|error| Ok((0, error.into_step()?)))
            }
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
            InFlight::WebSocket(socket) => socket.end((), trailers, responder).or_else(HandlerError::into_step),
        }
    }

    fn proceed(&self, exchange: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.proceed(exchange, responder),
            InFlight::WebSocket(socket) => socket.proceed((), responder).or_else(HandlerError::into_step),
        }
    }

    fn closed(&self, exchange: Self::Exchange, outcome: Result<(), Error>) {
        match exchange {
            InFlight::Service(exchange) => self.0.closed(exchange, outcome),
            InFlight::WebSocket(socket) => Exchange::<(), Infallible>::closed(socket, (), outcome),
        }
    }
}
