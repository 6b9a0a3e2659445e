//! The tests that need more than one part of Wirenut.

mod cases;
mod corpus;
mod properties;
mod regressions;
mod time;
