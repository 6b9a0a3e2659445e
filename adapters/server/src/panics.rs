//! Panics of what a worker serves: caught, logged and counted.

use core::any::Any;
use core::fmt;
use core::mem;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use crate::board::Seat;

/// What a panic was thrown with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Does it, and catches its panic. What it leaves half done is its own affair, as after the panic of one thread beside
/// others.
#[inline]
pub(crate) fn catch<R>(done: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_unwind(AssertUnwindSafe(done))
}

/// Logs a panic of `what`, and counts it where that seat counts.
#[cold]
pub(crate) fn log(panic: Panic, what: impl fmt::Display, peer: Option<impl fmt::Display>, seat: &Seat) {
    seat.counts().panics.add(1);
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "a value that is no text",
    };
    let message = message.escape_debug();
    match peer {
        Some(peer) => log::error!("{peer}: {what}: {message}"),
        None => log::error!("{what}: {message}"),
    }
    // A value that panics when it is dropped is not dropped.
    if let Err(again) = catch(|| drop(panic)) {
        mem::forget(again);
    }
}
