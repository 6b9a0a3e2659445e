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
    Waiting(F),
    /// It has begun.
    Begun(E),
}

/// A response that is not ready yet: a sensor measures, a backend thinks, a long poll waits for news. `ready` is asked at
/// once, and again whenever a wait ends: by the waker of [`Responder::waker`], at the time that it named, when the server
/// drains, and when the peer ends its direction. [`Responder::wakeup`] says which it was.
///
/// Meanwhile the request's content stays with the peer.
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
    Later::Waiting(ready)
}

impl<A: Copy, S, F, E: Exchange<A, S>> Exchange<A, S> for Later<F, E>
where
    F: FnMut(A, &mut Responder<'_>) -> Result<Readiness<E>>,
{
    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        let ready = match self {
            Self::Waiting(ready) => ready,
            Self::Begun(exchange) => return exchange.proceed(app, responder),
        };
        match ready(app, responder)? {
            Readiness::Wait(until) => Ok(Step::Wait(until)),
            Readiness::Ready(exchange) => {
                *self = Self::Begun(exchange);
                self.proceed(app, responder)
            }
        }
    }

    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        match self {
            Self::Waiting(_) => Ok((0, self.proceed(app, responder)?)),
            Self::Begun(exchange) => exchange.body(app, piece, responder),
        }
    }

    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Self::Waiting(_) => self.proceed(app, responder),
            Self::Begun(exchange) => exchange.end(app, trailers, responder),
        }
    }

    fn closed(self, app: A, outcome: core::result::Result<(), Error>) {
        if let Self::Begun(exchange) = self {
            exchange.closed(app, outcome);
        }
    }
}
