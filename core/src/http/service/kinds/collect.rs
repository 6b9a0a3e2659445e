//! Content that is collected, and answered once it is whole.

use super::place::Place;
use crate::http::error::Error;
use crate::http::message::fields::Fields;
use crate::http::service::Step;
use crate::http::service::exchange::Exchange;
use crate::http::service::handler::{HandlerError, OrStatus, Result};
use crate::http::service::responder::Responder;
use crate::http::service::routing::routed_request::RoutedRequest;
use crate::http::status::Status;

/// Content that comes into a place, and then the exchange that answers it. Made by [`collect`].
#[derive(Clone, Debug)]
pub enum Collect<P, F, E> {
    /// The content comes.
    Receiving {
        /// Where to.
        place: P,
        /// What answers it.
        answer: F,
    },
    /// It is being answered.
    Answering(E),
}

/// Collects the request's content in `place`, and then has `answer` answer it, which may read the content in place and
/// write over it.
///
/// Places are [`Fixed`](crate::http::service::Fixed), [`Lent`](crate::http::service::Lent), and what an adapter has that allocates.
///
/// # Errors
/// 413 if the content is longer than [`Place::capacity`]: at once where its length is declared, and when it comes
/// otherwise.
///
/// ```
/// use wirenut::http::service::{Fixed, OrStatus, collect, routes};
/// use wirenut::http::Status;
///
/// let service = routes!((), put("/setting", |_, request, _| {
///     collect(request, Fixed::<4>::new(), |_, content, responder| {
///         let setting: u8 = str::from_utf8(content).ok().and_then(|text| text.parse().ok()).or_status(Status::BAD_REQUEST)?;
///         responder.status(if setting > 30 { Status::UNPROCESSABLE_CONTENT } else { Status::NO_CONTENT })
///     })
/// }));
/// # let _ = service;
/// ```
pub fn collect<A, P: Place, F, E>(request: &RoutedRequest<'_>, place: P, answer: F) -> Result<Collect<P, F, E>>
where
    F: FnMut(A, &mut [u8], &mut Responder<'_>) -> Result<E>,
{
    let capacity = u64::try_from(place.capacity()).unwrap_or(u64::MAX);
    if request.body.length().is_some_and(|length| length > capacity) {
        return Err(HandlerError::Status(Status::CONTENT_TOO_LARGE));
    }
    Ok(Collect::Receiving { place, answer })
}

impl<A: Copy, S, P: Place, F, E: Exchange<A, S>> Exchange<A, S> for Collect<P, F, E>
where
    F: FnMut(A, &mut [u8], &mut Responder<'_>) -> Result<E>,
{
    const UPGRADES: bool = E::UPGRADES;

    fn proceed(&mut self, app: A, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Self::Receiving { .. } => Ok(Step::More),
            Self::Answering(exchange) => exchange.proceed(app, responder),
        }
    }

    fn body(&mut self, app: A, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        match self {
            Self::Receiving { place, .. } => {
                let fits = place.put(piece);
                fits.then_some((piece.len(), Step::More)).or_status(Status::CONTENT_TOO_LARGE)
            }
            Self::Answering(exchange) => exchange.body(app, piece, responder),
        }
    }

    fn end(&mut self, app: A, trailers: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        match self {
            Self::Receiving { place, answer } => {
                *self = Self::Answering(answer(app, place.bytes(), responder)?);
                // It is told of the end, too.
                self.end(app, trailers, responder)
            }
            Self::Answering(exchange) => exchange.end(app, trailers, responder),
        }
    }

    fn closed(self, app: A, outcome: core::result::Result<(), Error>) {
        if let Self::Answering(exchange) = self {
            exchange.closed(app, outcome);
        }
    }
}
