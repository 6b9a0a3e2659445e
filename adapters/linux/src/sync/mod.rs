//! What processes share, so that the death of one of them, at any instruction, hurts no other.
//!
//! | | what | when a process dies |
//! |---|---|---|
//! | [`Shared`], [`SharedSlice`] | plain data and atomics | they stay |
//! | [`Lock`] | a value that one changes at a time | the next one gets it as [`Locked::Recovered`] |
//! | [`Condition`] | a change of that value | those that wait look again |
//! | [`Semaphore`] | a number of permits | its permits come back |
//! | [`Event`] | a flag | it stays as it was |
//! | [`Barrier`] | a place to meet | a time-out breaks it, for all |
//! | [`queue`] | messages, of many to many | what it had taken goes to the next, or is reported |
//!
//! All of them lie in [`Memory`], anonymous by default, which vanishes with the last process that has it. A child that is
//! forked has what its parent had; a stranger is sent the descriptor, or opens a name. They also serve threads.
//!
//! A wait has no limit, or ends at its time; a signal does not end it. Whether a process lives is told by its number and its
//! start, from /proc: all that share something see the same processes there.
//!
//! Memory is shared with those that it was given to, and they are trusted: a process that scribbles there spoils the values
//! (any bytes are values), and the locks.

mod barrier;
mod condition;
pub(crate) mod deadline;
mod event;
mod event_count;
pub(crate) mod flag;
mod identity;
mod lock;
mod memory;
#[cfg(test)]
mod models;
pub mod queue;
mod semaphore;
mod shared;

pub use barrier::{Barrier, Broken, Met};
pub use condition::Condition;
pub use event::Event;
pub use lock::{Guard, Lock, Locked};
pub use memory::{Memory, Plain};
pub use semaphore::{MAX_PERMITS, Permit, Semaphore};
pub use shared::{Shared, SharedSlice};
