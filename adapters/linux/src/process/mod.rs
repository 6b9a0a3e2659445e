//! Closures in processes of their own: fork(2), without zombies, and without what the parent's frames would do twice.
//!
//! ```
//! use wirenut_linux::process::{self, Ended};
//!
//! let child = process::spawn(|| 6_u8 * 7)?;
//! assert_eq!(child.join()?, Ended::Exited(42));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the child inherits
//!
//! - **Memory**: a copy of all of it, as it was at the fork. What one side changes afterwards the other does not see,
//!   unless it was made to be shared.
//! - **Descriptors**: all of them, also those that exec(2) would close, since there is no exec(2). The child's are new names
//!   for the same open files: offsets and status flags are shared, and the other end of a socket sees no end before both
//!   sides have closed it. So move into the closure what only the child needs: it is dropped in the parent once the child
//!   is there. An `Epoll`, a `Timer` or a `Bell` of the parent's stays the parent's: what the child registers in it or
//!   takes from it, the parent feels. Make new ones in the child.
//! - **Ends of [pipes](pipe) and [queues](crate::sync::queue)** are the exception: a child has those that its closure has
//!   captured, and no others, so that what it cannot reach delays the end of no stream. An end that a closure reaches through
//!   an `Arc`, a `static` or a reference is not captured, and to use it is an error that says so: capture a clone of it, too,
//!   or have the child [keep all](Process::keep_all_ends). The child waits until the parent has dropped its closure, so
//!   nothing that is captured may wait for the child when it is dropped.
//! - **Signals**: what is ignored (Rust programs ignore SIGPIPE) stays ignored; what a function handles gets its default
//!   action, so a SIGTERM ends the child and does nothing in the parent; faults (SIGSEGV and the like) keep their handlers. SIGCHLD has its
//!   default action. No signal is blocked but for [those it is to block](Process::block), and none waits to be delivered.
//!   A `Termination` or `Hangups` of the parent's tells nothing in the child, which asks for its own.
//! - Working directory, umask, limits, nice value, user, group and session, as fork(2) says, unless [`Process`] changes
//!   them.
//! - **Not** inherited: threads, alarms and interval timers, locks on files by fcntl(2), memory locks.
//! - A generator of random numbers that lives in the program's memory gives both sides the same ones.
//!
//! # What happens once, and not twice
//!
//! What the standard library and C's stdio have buffered is written out before the fork. The child leaves by `_exit(2)`
//! when its closure has returned or panicked, after it has written out its own: no frame of the parent goes on in the
//! child, no handler of atexit(3) runs there, and nothing that the parent holds is dropped there, but for what the closure
//! has captured, which is dropped on both sides. A buffer of the program's own that it moves into the closure is therefore
//! flushed twice, if its type flushes when it is dropped; a folder that is removed when it is dropped is removed at once. A
//! closure that calls `std::process::exit` asks for the parent's handlers of atexit(3). If a thread of the child holds
//! `std::io::stdout().lock()` when the closure returns, the child ends only when that thread has released it.
//!
//! # Threads
//!
//! A program forks while it has **one thread**. With more, a lock that another thread holds at that moment, such as the
//! allocator's, would stay held in the child. [`spawn`] refuses it by [`SpawnError::Threads`]: fork first and start
//! threads then, or fork one process early that forks the others. The child may start threads, which end with it
//! when its closure has returned.
//!
//! # Zombies and orphans
//!
//! A child that has ended stays in the system, as a zombie, until its parent has taken its status. Three ways keep them
//! away:
//!
//! - [`Child`]: joined, or dropped and reaped later. Only children of this module are waited for, each by its descriptor,
//!   so no other part of the program loses a status.
//! - [`ignore_children`]: the system keeps no status of any child.
//! - [`spawn_detached`]: the process is a grandchild, and init(1)'s to reap.
//!
//! A process whose parent has ended is an orphan. A [daemon](Process::daemon) is killed then; a
//! [subreaper](Process::subreaper) keeps them in the family.
//!
//! # Other programs
//!
//! [`Program`] starts one that gets sockets as systemd passes them, from a process with any number of threads. A program that
//! needs none is the standard library's `Command`'s affair.
//!
//! # Privileges
//!
//! A service that root has started opens what only root may open, and gives the rest up for good, in this order: it looks up
//! [its user](User::look_up) while the databases can be reached, [changes its root directory](change_root),
//! [becomes that user](become_user), and [forbids new privileges](forbid_new_privileges).

mod apply;
mod child;
mod confirmation;
mod daemonise;
mod detached;
mod dropped;
mod ended;
mod fork;
mod gate;
mod ids;
mod ignored;
pub(crate) mod inherited;
pub mod pipe;
pub mod pool;
mod privileges;
mod program;
mod report;
mod run;
mod settings;
mod spawn_error;
mod start;
pub mod status;
mod subreaper;
mod user;

pub use child::Child;
pub use daemonise::{DaemonError, Ready, daemonise};
pub use detached::spawn_detached;
pub use dropped::reap_dropped;
pub use ended::Ended;
pub use fork::check_threads;
pub use ids::{group_of, lead_session, move_to_group, nice_value, parent, session_of, set_nice_value};
pub use ignored::ignore_children;
pub use privileges::{become_user, change_root, forbid_new_privileges};
pub use program::Program;
pub use report::Report;
pub use settings::{Group, Process, spawn};
pub use spawn_error::SpawnError;
pub use user::User;
