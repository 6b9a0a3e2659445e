//! One connection of a server, until it is over, whatever the service does.

use alloc::sync::Arc;

use super::place::Place;
use super::report::TokioFailure;
use super::running::Ended;
use crate::foreign::tokio_1::TokioStream;
use crate::foreign::tokio_1::panics::{Contained, Panicked};
use crate::foreign::tokio_1::socket::TokioSocket;

/// What is spoken on each connection of a server.
pub(super) trait Speak<S, P> {
    /// Speaks until the connection is over, and ends the stream as is right then.
    async fn speak(&self, stream: &mut TokioStream<S>, peer: &P, place: &Place) -> Result<(), TokioFailure<P>>;
}

/// Serves one connection.
pub(super) async fn contained<S: TokioSocket, P>(
    speaker: &impl Speak<S, P>,
    stream: S,
    peer: P,
    place: Arc<Place>,
) -> Ended<P> {
    let speaking = async {
        let mut cut = CutWhenDropped { stream: TokioStream::new(stream), place: &place, is_over: false };
        let outcome = speaker.speak(&mut cut.stream, &peer, &place).await;
        cut.is_over = true;
        outcome
    };
    let outcome = match Contained::new(speaking).await {
        Ok(outcome) => outcome,
        Err(Panicked) => Err(TokioFailure::Panic(peer)),
    };
    Ended { place, outcome }
}

/// A stream that is reset where its connection is given up, unless all that will ever be sent is sent.
struct CutWhenDropped<'p, S: TokioSocket> {
    stream: TokioStream<S>,
    place: &'p Place,
    is_over: bool,
}

impl<S: TokioSocket> Drop for CutWhenDropped<'_, S> {
    fn drop(&mut self) {
        if !self.is_over && !self.place.is_lingering() {
            self.stream.get_mut().reset_when_dropped();
        }
    }
}
