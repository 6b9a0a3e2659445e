//! Futures that wait for each other.
//!
//! Here and at both ends of a connection, what is awaited is an `async move` block in a plain function: an `async fn`
//! keeps a second copy of each of its arguments for as long as it runs.

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

/// Is pending once, and wakes nobody: who polls it goes on when the time has come.
pub(crate) fn pause() -> impl Future<Output = ()> {
    let mut is_paused = false;
    poll_fn(move |_| if core::mem::replace(&mut is_paused, true) { Poll::Ready(()) } else { Poll::Pending })
}

/// Waits for `operation`, or for `deadline` if there is one. Either goes on where it is, if it was not first.
pub(crate) fn until<F: Future>(
    mut operation: Pin<&mut F>,
    timer: &impl Timer,
    deadline: Option<Instant>,
) -> impl Future<Output = First<F::Output>> {
    async move {
        let mut sleep = pin!(sleep_until(timer, deadline));
        poll_fn(|cx| {
            if let Poll::Ready(output) = operation.as_mut().poll(cx) {
                return Poll::Ready(First::Done(output));
            }
            sleep.as_mut().poll(cx).map(|()| First::Due)
        })
        .await
    }
}

/// Waits until then; for ever, if there is no such time.
pub(crate) fn sleep_until(timer: &impl Timer, deadline: Option<Instant>) -> impl Future<Output = ()> {
    async move {
        match deadline {
            Some(at) => timer.wait_until(at).await,
            None => pending().await,
        }
    }
}
