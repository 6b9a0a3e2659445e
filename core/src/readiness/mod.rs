//! Who may come in, and who has to go: what a server decides before any protocol is spoken.

mod admission;

pub use admission::{Admission, Link, Policy, Verdict, WhenFull};
