//! What an application implements, once, for every wire.
//!
//! A [`Service`] is asked by a [`Session`], which an adapter drives: request head in, then pieces of its content as
//! they come, and a response out as there is room. It runs on a device as it runs on Linux; what it keeps between two
//! calls about one request is its own [`Service::Exchange`], in the connection's slot.
//!
//! ```text
//! request ─┬─► body … ─► end ─┬─► proceed … ─► closed
//!          └─► proceed ◄──────┘   (room again, or a wait has ended)
//! ```
//!
//! Most applications implement nothing. [`service_fn`] makes a service of one function, and [`routes!`] of many, each for a
//! method and a pattern. Such a handler is given the request ([`RoutedRequest`]) and what it answers with ([`Responder`]), and
//! returns the [`Exchange`] that it begins:
//!
//! | the answer | begun by |
//! |---|---|
//! | is there, and fits into the room that is reserved | [`Responder::text`], [`reply`](Responder::reply), [`status`](Responder::status), [`see_other`](Responder::see_other) |
//! | is there, and may be larger | [`Responder::send_all`] |
//! | is made as there is room | [`Responder::stream`] |
//! | needs the whole content, in a [`Place`] | [`collect`] |
//! | needs the content, piece by piece | [`receive`] |
//! | is not ready yet | [`later`] |
//! | is a stream of events | [`Responder::events`], and [`Topic`] for what many hear |
//! | is a WebSocket | [`websocket::upgrade`](crate::websocket::upgrade) |
//!
//! An exchange that answers 101, or 2xx to CONNECT, has taken the connection over: it is a [`Tunnel`] from then on.
//!
//! `?` on a [`Status`](crate::http::Status) ([`OrStatus`]) answers with it. An [`Observer`] sees each request and how it ends.

mod exchange;
mod handler;
mod kinds;
mod observed;
mod refusal;
mod reply;
mod responder;
mod routing;
mod serving;
mod session;
mod tunnel;

use crate::http::error::{Error, WriteError};
use crate::http::message::fields::Fields;
use crate::http::message::request_head::RequestHead;
use crate::time::Instant;

pub use crate::routes;
pub use exchange::{Either, Exchange};
pub use handler::{Done, HandlerError, OrStatus, Result};
pub use kinds::collect::{Collect, collect};
pub use kinds::event::Event;
pub use kinds::events::{EventSink, Events};
pub use kinds::later::{Later, Readiness, later};
pub use kinds::place::{Fixed, Lent, Place, Pool};
pub use kinds::receive::{Receive, receive};
pub use kinds::stream::{SendAll, Stream};
pub use kinds::topic::Topic;
pub use kinds::wakers::Wakers;
pub use observed::{Observed, ObservedExchange, Observer, Summary};
pub use refusal::Refusal;
pub use responder::{Responder, Wakeup};
pub use routing::application::Application;
#[doc(hidden)]
pub use routing::application::Dispatch;
pub use routing::methods::Methods;
#[doc(hidden)]
pub use routing::methods::names as methods;
#[doc(hidden)]
pub use routing::route::{Route, reached};
pub use routing::routed_request::RoutedRequest;
#[doc(hidden)]
pub use routing::routes::{Adding, Handlers, Routes};
pub use routing::service_fn::{Function, service_fn};
pub use serving::Serving;
pub use session::Session;
pub use tunnel::Tunnel;

/// What an exchange needs next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Step<T = core::convert::Infallible> {
    /// Go on: with the request's content when it comes, with [`Service::proceed`] when there is room. A service that has not
    /// begun a response when all content was given, and writes nothing when it is asked to proceed, gives none: the peer
    /// gets a 500 ([`Rule::NoResponse`](crate::http::Rule::NoResponse)). To be asked later, use [`Self::Wait`].
    More,
    /// Not ready. Nothing more of the request is taken, and nothing is asked, until one of four ends the wait: a waker of
    /// [`Responder::waker`] is woken, the named time comes, the server drains, or the peer ends its direction (the last two
    /// once each). [`Responder::wakeup`] says which it was. If the connection is lost, [`Service::closed`] says so at once.
    /// In a [`Tunnel`] more bytes and more room end it, too.
    Wait(Option<Instant>),
    /// The response is complete. What is left of the request is not wanted. Without a response the peer gets a 500
    /// ([`Rule::NoResponse`](crate::http::Rule::NoResponse)).
    Done,
    /// The exchange has failed. If no response was begun the peer gets a 500; otherwise the connection is cut so that
    /// the peer sees that the response is not whole.
    Abort,
    /// The next `length` bytes of a response of declared length are moved by the adapter itself, from `source`; then
    /// [`Service::proceed`] is called.
    Transfer {
        /// Where from.
        source: T,
        /// How many bytes: at least one, and no more than are left of the declared length.
        length: u64,
    },
}

/// An application: what it does with a request.
///
/// Methods take `&self`: a device uses `Cell`s for what changes, a threaded server asks for `Sync`, and nobody is
/// forced to lock.
///
/// **No method may block**: neither sleep, nor wait for a lock that is held for long, for a disk, or for another server.
/// One thread (on a device: the only one) serves many connections, and while a method runs the others stand still, and
/// so do their deadlines. A method that has to wait returns [`Step::Wait`] and is asked again when it is woken
/// ([`Responder::waker`]); what takes long is done in another thread, or in pieces.
///
/// Each time that a method is called there is the room for output that
/// [`Limits::output_reserve`](crate::http::Limits::output_reserve) says. So a response head of that length, or a small
/// response sent whole, always fits, and no call is made twice. Pieces of a body are sent as far as there is room:
/// [`Responder::send_body`] says how much was taken, [`Responder::fill_body`] and [`Responder::trailers`] whether there was room;
/// return [`Step::More`] for the rest.
///
/// An error ends the exchange (`?` on what [`Responder`] returns is right everywhere). Where no response was begun the peer gets
/// a 500; otherwise the connection is cut, so that the peer sees that the response is not whole. [`WriteError::Full`] means
/// that a response head, or a response sent whole, is longer than the room that is reserved.
///
/// ```
/// use wirenut::http::{Field, RequestHead, Response, Status, WriteError};
/// use wirenut::http::service::{Responder, Service, Step};
///
/// struct Hello;
///
/// impl Service for Hello {
///     type Exchange = ();
///     type Source = core::convert::Infallible;
///
///     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
///         let fields = [Field::new("Content-Type", "text/plain")];
///         responder.send(&Response::new(Status::OK).with_fields(&fields), b"Hello, World!\n")?;
///         Ok(((), Step::Done))
///     }
/// }
/// ```
pub trait Service {
    /// What the service keeps about a request while it is in flight. `()` costs nothing.
    type Exchange;

    /// What the adapter moves itself ([`Step::Transfer`]): a part of a file on Linux.
    /// [`Infallible`](core::convert::Infallible) for a service that runs everywhere.
    type Source;

    /// Does it take connections over: does it answer with 101, or CONNECT with 2xx? Then it must say so here, or such a
    /// connection is reset ([`Misuse::UndeclaredUpgrade`](crate::http::Misuse::UndeclaredUpgrade)). What a [`Tunnel`] needs
    /// is linked only where this is true.
    const UPGRADES: bool = false;

    /// A request has come. `head` is valid during this call only.
    ///
    /// # Errors
    /// See [the trait](Self).
    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<(Self::Exchange, Step<Self::Source>), WriteError>;

    /// A piece of the request's content. Returns how much of it was taken; the rest is offered again when there is
    /// room or more of it. By default all is taken and thrown away.
    ///
    /// # Errors
    /// See [the trait](Self).
    fn body(
        &self,
        exchange: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> core::result::Result<(usize, Step<Self::Source>), WriteError> {
        let _ = (exchange, responder);
        Ok((piece.len(), Step::More))
    }

    /// The request's content is complete; comes once also for a request without any. By default as [`Self::proceed`].
    ///
    /// # Errors
    /// See [the trait](Self).
    fn end(
        &self,
        exchange: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<Step<Self::Source>, WriteError> {
        let _ = trailers;
        self.proceed(exchange, responder)
    }

    /// There is room again, or the exchange was woken, or its time has come. May be called without a reason, too.
    ///
    /// # Errors
    /// See [the trait](Self).
    fn proceed(
        &self,
        exchange: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<Step<Self::Source>, WriteError> {
        let _ = (exchange, responder);
        Ok(Step::More)
    }

    /// The exchange is over: called exactly once for each that [`Self::request`] began. `Ok`: the response was handed
    /// over whole. `Err`: why it was not.
    fn closed(&self, exchange: Self::Exchange, outcome: core::result::Result<(), Error>) {
        let _ = (exchange, outcome);
    }

    /// A request was refused before it could become an exchange: it broke a rule, came too slowly, or its answer was
    /// impossible. The connection has just written the answer itself, with the status of the error's rule and without
    /// content. Each request is told of here, or by [`Self::closed`], or was not answered at all. By default nothing is
    /// done: it is for those who keep a log of requests.
    fn refused(&self, refusal: &Refusal<'_>) {
        let _ = refusal;
    }
}
