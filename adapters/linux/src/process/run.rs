//! How a child does its work, and ends.

use core::any::Any;
use core::mem;
use core::panic::AssertUnwindSafe;
use std::io::Write as _;
use std::panic::catch_unwind;

use super::report::Report;
use crate::sys::fork::PANICKED;
use crate::sys::page::SharedText;

/// Runs the closure in this process, a child, and returns the status that it is to end with.
pub(super) fn run<R: Report>(name: &str, panic: &SharedText, closure: impl FnOnce() -> R) -> u8 {
    match attempt(panic, closure) {
        Ok(status) => status,
        Err(Failure::Panic) => PANICKED,
        Err(Failure::Error(error)) => {
            complain(name, &error);
            1
        }
    }
}

/// Why a closure has not returned a status.
pub(super) enum Failure {
    Error(String),
    /// Its message is noted.
    Panic,
}

/// Runs the closure, and notes the message of its panic.
pub(super) fn attempt<R: Report>(panic: &SharedText, closure: impl FnOnce() -> R) -> Result<u8, Failure> {
    let outcome = catch_unwind(AssertUnwindSafe(|| closure().report()));
    outcome.map_or_else(
        |payload| {
            panic.write(text(payload.as_ref()));
            // It may panic when it is dropped.
            mem::forget(payload);
            Err(Failure::Panic)
        },
        |report| report.map_err(Failure::Error),
    )
}

/// One line on standard error.
fn complain(name: &str, error: &str) {
    let pid = format!("process {}", std::process::id());
    // Not `eprintln!`, which panics where standard error is closed.
    let _ = writeln!(std::io::stderr(), "{}: {error}", if name.is_empty() { &pid } else { name });
}

/// The message of a panic, as `panic!` makes it; empty where it has none that is text.
pub(super) fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}
