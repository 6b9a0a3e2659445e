//! Futures that wait for each other.

use core::future::{pending, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;

use wirenut::time::Instant;

use crate::Timer;

/// What came first.
pub(crate) enum First<A> {
    /// The operation is complete.
    Done(A),
    /// The time has come.
    Due,
}

/// Polls once.
pub(crate) async fn try_once<F: Future>(mut operation: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match operation.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Waits for `operation`, or for `deadline` if there is one. Either goes on where it is, if it was not first.
pub(crate) async fn until<F: Future>(
    mut operation: Pin<&mut F>,
    timer: &impl Timer,
    deadline: Option<Instant>,
) -> First<F::Output> {
    let mut sleep = pin!(sleep_until(timer, deadline));
    poll_fn(|cx| {
        if let Poll::Ready(output) = operation.as_mut().poll(cx) {
            return Poll::Ready(First::Done(output));
        }
        sleep.as_mut().poll(cx).map(|()| First::Due)
    })
    .await
}

/// Waits until then; for ever, if there is no such time.
pub(crate) async fn sleep_until(timer: &impl Timer, deadline: Option<Instant>) {
    match deadline {
        Some(at) => timer.wait_until(at).await,
        None => pending().await,
    }
}
