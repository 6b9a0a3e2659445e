//! The tests that need more than one part of Wirenut.

mod regressions;
