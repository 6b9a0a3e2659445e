//! Content that is taken piece by piece.

use core::mem;

use crate::http::error::Error;
use crate::http::message::fields::Fields;
use crate::http::service::Step;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::Result;
use crate::http::service::responder::Responder;

/// Content that is taken piece by piece, and then the exchange that answers it. Made by [`receive`].
#[derive(Clone, Debug)]
pub enum Receive<T, P, F, E> {
    /// The content comes.
    Receiving {
        /// What it goes into.
        state: T,
        /// Takes a piece.
        take: P,
        /// What answers it.
        answer: F,
    },
    /// It is being answered.
    Answering(E),
    /// The answer has failed.
    Failed,
}

/// Takes the request's content piece by piece into `state`, and then has `answer` answer it, which is given the state. Pieces
/// are as they come: any split is possible. If the exchange ends before, the state is dropped: a file that is not whole can be
/// removed by its `Drop`.
///
/// Errors of both functions end the exchange.
///
/// ```
/// use wirenut::http::service::{Done, Responder, receive, routes};
/// use wirenut::http::Status;
///
/// let service = routes!((), post("/count", |_, _, _| {
///     let take = |count: &mut usize, piece: &[u8]| Ok(*count += piece.len());
///     Ok(receive(0, take, |_, count, responder: &mut Responder<'_>| {
///         responder.text(if count == 0 { "nothing\n" } else { "something\n" })
///     }))
/// }));
/// # let _ = service;
/// ```
pub const fn receive<A, T, P, F, E>(state: T, take: P, answer: F) -> Receive<T, P, F, E>
where
    P: FnMut(&mut T, &[u8]) -> Result<()>,
    F: FnOnce(A, T, &mut Responder<'_>) -> Result<E>,
{
    Receive::Receiving { state, take, answer }
}

impl<A: Copy, S, T, P, F, E: Exchange<A, S>> Exchange<A, S> for Receive<T, P, F, E>
where
    P: FnMut(&mut T, &[u8]) -> Result<()>,
    F: FnOnce(A, T, &mut Responder<'_>) -> Result<E>,
{
    const UPGRADES: bool = E::UPGRADES;

    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Self::Receiving { .. } => Ok(Step::More),
            Self::Answering(exchange) => exchange.proceed(app, responder),
            Self::Failed => Ok(Step::Done),
        }
    }

    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        match self {
            Self::Receiving { state, take, .. } => {
                take(state, piece)?;
                Ok((piece.len(), Step::More))
            }
            Self::Answering(exchange) => exchange.body(app, piece, responder),
            Self::Failed => Ok((0, Step::Done)),
        }
    }

    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        if let Self::Answering(exchange) = self {
            return exchange.end(app, trailers, responder);
        }
        let Self::Receiving { state, answer, .. } = mem::replace(self, Self::Failed) else { return Ok(Step::Done) };
        *self = Self::Answering(answer(app, state, responder)?);
        // It is told of the end, too.
        self.end(app, trailers, responder)
    }

    fn closed(self, app: A, outcome: core::result::Result<(), Error>) {
        if let Self::Answering(exchange) = self {
            exchange.closed(app, outcome);
        }
    }
}
