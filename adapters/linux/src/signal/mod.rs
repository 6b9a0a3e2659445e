//! Signals: their names, and SIGTERM, SIGINT and SIGHUP as something to wait for, beside sockets.

mod number;
mod termination;

pub use number::{DefaultAction, Signal, UnknownSignal};
pub use termination::{Hangups, Termination, hangups, termination};
