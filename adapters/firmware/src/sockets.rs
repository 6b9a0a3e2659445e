//! A service with a WebSocket beside it: what it adds to the service alone is what WebSocket weighs.

use core::convert::Infallible;

use wirenut::http::service::{Exchange, HandlerError, Responder, Result, Service, Step};
use wirenut::http::{Error, FieldFilter, Fields, Limits, RequestHead, WriteError};
use wirenut::websocket::handshake::READ_FIELDS;
use wirenut::websocket::{self, Kind, MessageHandler, Next, Outbox, WebSocket};

/// It keeps the fields of a handshake, which have up to 300 bytes with the first line, and the longest message.
pub const LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &READ_FIELDS, bytes: 300 }), ..Limits::DEFAULT };

/// Sends each message back.
pub struct Echo;

impl MessageHandler for Echo {
    const ROOM: usize = 138;

    fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.message(kind, message).into()
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
    ) -> core::result::Result<(Self::Exchange, Step), WriteError> {
        if head.fields.get("Upgrade").is_none() {
            return self.0.request(head, responder).map(|(exchange, step)| (InFlight::Service(exchange), step));
        }
        match websocket::upgrade(head, responder, Echo) {
            Ok(socket) => Ok((InFlight::WebSocket(Some(socket)), Step::More)),
            Err(error) => written(Err(error)).map(|step| (InFlight::WebSocket(None), step)),
        }
    }

    fn body(
        &self,
        exchange: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> core::result::Result<(usize, Step), WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.body(exchange, piece, responder),
            InFlight::WebSocket(socket) => {
                let mut taken = 0;
                let step = socket.body((), piece, responder).map(|(count, step)| {
                    taken = count;
                    step
                });
                Ok((taken, written(step)?))
            }
        }
    }

    fn end(
        &self,
        exchange: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<Step, WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.end(exchange, trailers, responder),
            InFlight::WebSocket(socket) => written(socket.end((), trailers, responder)),
        }
    }

    fn proceed(
        &self,
        exchange: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<Step, WriteError> {
        match exchange {
            InFlight::Service(exchange) => self.0.proceed(exchange, responder),
            InFlight::WebSocket(socket) => written(socket.proceed((), responder)),
        }
    }

    fn closed(&self, exchange: Self::Exchange, outcome: core::result::Result<(), Error>) {
        match exchange {
            InFlight::Service(exchange) => self.0.closed(exchange, outcome),
            InFlight::WebSocket(socket) => Exchange::<(), Infallible>::closed(socket, (), outcome),
        }
    }
}

/// What is done behind what a handler returns.
fn written(step: Result<Step>) -> core::result::Result<Step, WriteError> {
    match step {
        Ok(step) => Ok(step),
        Err(HandlerError::Answered) => Ok(Step::Done),
        Err(HandlerError::Write(error)) => Err(error),
        Err(_) => Ok(Step::Abort),
    }
}
