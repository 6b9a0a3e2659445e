//! Responses that have to wait for something.

use crate::http::error::Error;
use crate::http::message::fields::Fields;
use crate::http::service::Step;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::Result;
use crate::http::service::responder::Responder;
use crate::time::Instant;

/// What a function says that is asked for an exchange: see [`later`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readiness<E> {
    /// It begins this one.
    Ready(E),
    /// Not ready: it is to be asked again when the wait ends ([`Step::Wait`]).
    Wait(Option<Instant>),
}

/// An exchange that waits until it can begin another. Made by [`later`].
#[derive(Clone, Debug)]
pub enum Later<F, E> {
    /// It waits.
    Waiting {
        /// What is asked.
        ready: F,
        /// The request's content is complete, which the other exchange is still to be told.
        is_content_complete: bool,
    },
    /// It has begun.
    Begun(E),
}

/// A response that is not ready yet: a sensor measures, a backend thinks, a long poll waits for news. `ready` is asked at
/// once, and again whenever a wait ends: by the waker of [`Responder::waker`], at the time that it named, when the server
/// drains, and when the peer ends its direction. [`Responder::wakeup`] says which it was.
///
/// Meanwhile the request's content stays with the peer: so a [`receive`](crate::http::service::receive) may begin once there is a place
/// for it. Trailers that came meanwhile are lost.
///
/// ```
/// use wirenut::http::service::{Readiness, later, routes};
/// use wirenut::time::Duration;
///
/// let service = routes!((), get("/slow", |_, _, responder| {
///     let until = responder.now().saturating_add(Duration::from_secs(1));
///     Ok(later(move |_, responder| {
///         if responder.now() < until {
///             return Ok(Readiness::Wait(Some(until)));
///         }
///         Ok(Readiness::Ready(responder.text("done\n")?))
///     }))
/// }));
/// # let _ = service;
/// ```
pub const fn later<A, F, E>(ready: F) -> Later<F, E>
where
    F: FnMut(A, &mut Responder<'_>) -> Result<Readiness<E>>,
{
    Later::Waiting { ready, is_content_complete: false }
}

impl<F, E> Later<F, E> {
    /// Asks whether it is ready. The exchange that has begun by now, or how long there is to wait.
    fn begin<A: Copy, S>(
        &mut self,
        app: A,
        responder: &mut Responder<'_>,
    ) -> Result<core::result::Result<&mut E, Step<S>>>
    where
        F: FnMut(A, &mut Responder<'_>) -> Result<Readiness<E>>,
    {
        if let Self::Waiting { ready, .. } = self {
            match ready(app, responder)? {
                Readiness::Wait(until) => return Ok(Err(Step::Wait(until))),
                Readiness::Ready(exchange) => *self = Self::Begun(exchange),
            }
        }
        match self {
            Self::Begun(exchange) => Ok(Ok(exchange)),
            Self::Waiting { .. } => Ok(Err(Step::Wait(None))),
        }
    }
}

impl<A: Copy, S, F, E: Exchange<A, S>> Exchange<A, S> for Later<F, E>
where
    F: FnMut(A, &mut Responder<'_>) -> Result<Readiness<E>>,
{
    const UPGRADES: bool = E::UPGRADES;

    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        let has_missed_end = matches!(self, Self::Waiting { is_content_complete: true, .. });
        match self.begin(app, responder)? {
            Ok(exchange) if has_missed_end => exchange.end(app, Fields::EMPTY, responder),
            Ok(exchange) => exchange.proceed(app, responder),
            Err(wait) => Ok(wait),
        }
    }

    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        match self.begin(app, responder)? {
            Ok(exchange) => exchange.body(app, piece, responder),
            Err(wait) => Ok((0, wait)),
        }
    }

    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        if let Self::Waiting { is_content_complete, .. } = self {
            *is_content_complete = true;
        }
        match self.begin(app, responder)? {
            Ok(exchange) => exchange.end(app, trailers, responder),
            Err(wait) => Ok(wait),
        }
    }

    fn closed(self, app: A, outcome: core::result::Result<(), Error>) {
        if let Self::Begun(exchange) = self {
            exchange.closed(app, outcome);
        }
    }
}
