//! A service that is made of handlers.

use core::fmt;
use core::marker::PhantomData;

use crate::http::error::{Error, WriteError};
use crate::http::message::fields::Fields;
use crate::http::message::request_head::RequestHead;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::Result;
use crate::http::service::responder::Responder;
use crate::http::service::{Service, Step};

/// Finds the handler of a request, and has it begin.
#[doc(hidden)]
pub trait Dispatch<A, S> {
    /// What handlers begin.
    type Exchange: Exchange<A, S>;

    /// Begins an exchange.
    ///
    /// # Errors
    /// As the handler.
    fn dispatch(&self, app: A, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<Self::Exchange>;
}

/// A [`Service`] that is made of handlers, by [`routes!`](crate::routes) or [`service_fn`](crate::http::service::service_fn).
#[derive(Clone, Copy)]
pub struct Application<A, D, S> {
    app: A,
    dispatch: D,
    source: PhantomData<fn() -> S>,
}

impl<A, D, S> Application<A, D, S> {
    pub(super) const fn new(app: A, dispatch: D) -> Self {
        Self { app, dispatch, source: PhantomData }
    }
}

impl<A: fmt::Debug, D: fmt::Debug, S> fmt::Debug for Application<A, D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("app", &self.app).field("dispatch", &self.dispatch).finish()
    }
}

impl<A: Copy, D: Dispatch<A, S>, S> Service for Application<A, D, S> {
    /// `None`: the request was answered without one.
    type Exchange = Option<D::Exchange>;
    type Source = S;
    const UPGRADES: bool = <D::Exchange as Exchange<A, S>>::UPGRADES;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<(Self::Exchange, Step<S>), WriteError> {
        let mut exchange = None;
        let begun = self.dispatch.dispatch(self.app, head, responder);
        let asked = begun.and_then(|begun| exchange.insert(begun).proceed(self.app, responder));
        settled(asked, responder).map(|step| (exchange, step))
    }

    fn body(
        &self,
        exchange: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> core::result::Result<(usize, Step<S>), WriteError> {
        let mut taken = 0;
        let asked = exchange.body(self.app, piece, responder).map(|(count, step)| {
            taken = count;
            step
        });
        settled(asked, responder).map(|step| (taken, step))
    }

    fn end(
        &self,
        exchange: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<Step<S>, WriteError> {
        settled(exchange.end(self.app, trailers, responder), responder)
    }

    fn proceed(
        &self,
        exchange: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> core::result::Result<Step<S>, WriteError> {
        settled(exchange.proceed(self.app, responder), responder)
    }

    fn closed(&self, exchange: Self::Exchange, outcome: core::result::Result<(), Error>) {
        exchange.closed(self.app, outcome);
    }
}

/// What is done next, after an error was answered: one place for all calls, so that a firmware has it once.
#[inline]
fn settled<S>(asked: Result<Step<S>>, responder: &mut Responder<'_>) -> core::result::Result<Step<S>, WriteError> {
    asked.or_else(|error| error.answer(responder))
}
