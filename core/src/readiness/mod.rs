//! Who may come in, and who has to go: what a server decides before any protocol is spoken. And what is ready: the
//! [`Poller`] contract.

mod admission;
mod event;
mod interest;
mod poller;

pub use admission::{Admission, Link, Lists, Policy, Since, Standing, Standings, Verdict, WhenFull};
pub use event::{Event, Readiness, Token};
pub use interest::Interest;
pub use poller::{LevelTriggered, Poller, Waited};
