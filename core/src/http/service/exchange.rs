//! A request in flight as a value with its own methods.

use super::Step;
use super::handler::{Done, Result};
use super::responder::Responder;
use crate::http::error::Error;
use crate::http::message::fields::Fields;

/// A request in flight, of one kind. A handler returns the kind that it begins ([`routes!`](crate::routes),
/// [`service_fn`](super::service_fn)).
///
/// `A` is the application: something cheap to copy, such as `()` or `&App`. `S` is what the adapter moves itself
/// ([`Step::Transfer`]). When the methods are called, and with how much room, [`Service`](super::Service) says.
///
/// Most applications need none of their own: the ready-made kinds are [`Done`], [`SendAll`](super::SendAll),
/// [`Stream`](super::Stream), [`Collect`](super::Collect), [`Receive`](super::Receive), [`Later`](super::Later) and
/// [`Events`](super::Events). `Option` and [`Either`] make one kind of two.
///
/// ```
/// use wirenut::http::service::{Exchange, Responder, Result, Step, service_fn};
/// use wirenut::http::{Fields, Response, Status};
///
/// /// Sends the content back as it comes.
/// struct Echo;
///
/// impl<A, S> Exchange<A, S> for Echo {
///     fn proceed(&mut self, _: A, _: &mut Responder<'_>) -> Result<Step<S>> {
///         Ok(Step::More)
///     }
///     fn body(&mut self, _: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
///         Ok((responder.send_body(piece)?, Step::More))
///     }
///     fn end(&mut self, _: A, _: Fields<'_>, _: &mut Responder<'_>) -> Result<Step<S>> {
///         Ok(Step::Done)
///     }
/// }
///
/// let service = service_fn(|_, responder| {
///     responder.respond(&Response::new(Status::OK).with_unknown_length())?;
///     Ok(Echo)
/// });
/// # let _ = service;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no exchange of an application `{A}` whose adapter moves `{S}`",
    label = "this handler returns `Result<{Self}>`",
    note = "return what `responder.text(…)`, `responder.stream(…)`, `responder.events(…)`, `collect(…)` and the others give"
)]
pub trait Exchange<A, S> {
    /// May it be a [`Tunnel`](super::Tunnel)? See [`Service::UPGRADES`](super::Service::UPGRADES).
    const UPGRADES: bool = false;

    /// There is room, or a wait has ended. Asked at once after the handler returned, too.
    ///
    /// # Errors
    /// They end the exchange: see [`HandlerError`](super::HandlerError).
    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>>;

    /// A piece of the request's content: returns how much of it was taken. By default the content stays where it is, and
    /// the exchange proceeds.
    ///
    /// # Errors
    /// As [`Self::proceed`].
    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        let _ = piece;
        Ok((0, self.proceed(app, responder)?))
    }

    /// The request's content is complete. By default as [`Self::proceed`].
    ///
    /// # Errors
    /// As [`Self::proceed`].
    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        let _ = trailers;
        self.proceed(app, responder)
    }

    /// The exchange is over, in the way that [`Service::closed`](super::Service::closed) says. What holds something lets
    /// go of it by `Drop`, so most have nothing to do here.
    fn closed(self, app: A, outcome: core::result::Result<(), Error>)
    where
        Self: Sized,
    {
        let _ = (app, outcome);
    }
}

impl<A, S> Exchange<A, S> for Done {
    fn proceed(&mut self, _: A, _: &mut Responder<'_>) -> Result<Step<S>> {
        Ok(Step::Done)
    }
}

/// An exchange that goes on, or a response that is complete already.
impl<A, S, E: Exchange<A, S>> Exchange<A, S> for Option<E> {
    const UPGRADES: bool = E::UPGRADES;

    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Some(exchange) => exchange.proceed(app, responder),
            None => Ok(Step::Done),
        }
    }

    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        match self {
            Some(exchange) => exchange.body(app, piece, responder),
            None => Ok((0, Step::Done)),
        }
    }

    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Some(exchange) => exchange.end(app, trailers, responder),
            None => Ok(Step::Done),
        }
    }

    fn closed(self, app: A, outcome: core::result::Result<(), Error>) {
        if let Some(exchange) = self {
            exchange.closed(app, outcome);
        }
    }
}

/// An exchange of one kind or of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Either<L, R> {
    /// Of the one.
    Left(L),
    /// Of the other.
    Right(R),
}

impl<A, S, L: Exchange<A, S>, R: Exchange<A, S>> Exchange<A, S> for Either<L, R> {
    const UPGRADES: bool = L::UPGRADES || R::UPGRADES;

    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Self::Left(exchange) => exchange.proceed(app, responder),
            Self::Right(exchange) => exchange.proceed(app, responder),
        }
    }

    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        match self {
            Self::Left(exchange) => exchange.body(app, piece, responder),
            Self::Right(exchange) => exchange.body(app, piece, responder),
        }
    }

    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Self::Left(exchange) => exchange.end(app, trailers, responder),
            Self::Right(exchange) => exchange.end(app, trailers, responder),
        }
    }

    fn closed(self, app: A, outcome: core::result::Result<(), Error>) {
        match self {
            Self::Left(exchange) => exchange.closed(app, outcome),
            Self::Right(exchange) => exchange.closed(app, outcome),
        }
    }
}

/// There is none: the end of a list of kinds.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Never {}

impl<A, S> Exchange<A, S> for Never {
    fn proceed(&mut self, _: A, _: &mut Responder<'_>) -> Result<Step<S>> {
        match *self {}
    }
}
