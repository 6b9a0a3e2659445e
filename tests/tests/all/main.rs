//! The tests that need more than one part of Wirenut.

extern crate alloc;

mod cases;
mod client;
mod corpus;
mod parity;
mod peers;
mod process;
mod properties;
mod readme;
mod regressions;
mod small_buffer;
mod slow;
mod suites;
mod time;
