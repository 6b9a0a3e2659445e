//! The tests that need more than one part of Wirenut.

extern crate alloc;

mod cases;
mod client;
mod corpus;
mod errors;
mod parity;
mod process;
mod properties;
mod readme;
mod regressions;
mod room;
mod states;
mod time;
mod trailers;
