//! The tests that need more than one part of Wirenut.

mod cases;
mod regressions;
