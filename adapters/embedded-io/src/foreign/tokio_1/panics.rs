//! Panics of what a user gave: each ends its own future, and nothing else.

use alloc::boxed::Box;
use core::any::Any;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::catch_unwind;

/// A future that cannot panic, neither when it is polled nor when it is dropped. What it shares with others is left in
/// whatever state a panic leaves it.
pub(super) struct Contained<F>(Option<Pin<Box<F>>>);

/// It would have panicked.
pub(super) struct Panicked;

impl<F: Future> Contained<F> {
    pub(super) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for Contained<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let polled = contain(|| future.as_mut().poll(cx));
        if let Ok(Poll::Pending) = polled {
            return Poll::Pending;
        }
        let dropped = contain(|| self.0 = None);
        match (polled, dropped) {
            (Ok(Poll::Ready(output)), Ok(())) => Poll::Ready(Ok(output)),
            _ => Poll::Ready(Err(Panicked)),
        }
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        let _ = contain(|| self.0 = None);
    }
}

/// Does it, whatever it does.
pub(super) fn contain<R>(what: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(what)).map_err(forget_panic)
}

/// Drops what a panic was about. A value that panics when it is dropped is not dropped.
fn forget_panic(panic: Box<dyn Any + Send>) -> Panicked {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        core::mem::forget(again);
    }
    Panicked
}
