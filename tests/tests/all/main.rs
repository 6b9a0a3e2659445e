//! The tests that need more than one part of Wirenut.

mod cases;
mod client;
mod corpus;
mod properties;
mod regressions;
mod time;
