//! Pools of processes: functions that are known before the fork, done by whichever worker has time.
//!
//! ```
//! use wirenut_linux::process::pool::Pool;
//!
//! let mut builder = Pool::builder().workers(4);
//! let count = builder.task("count", |text| Ok::<_, String>(vec![text.iter().filter(|byte| **byte == b'a').count() as u8]));
//! let pool = builder.start()?;
//!
//! assert_eq!(pool.apply(count, b"banana")?, [3]); // waits
//! let pending = pool.apply_async(count, b"papaya")?; // does not
//! assert_eq!(pending.wait()?, [3]);
//! for result in pool.map(count, ["avocado", "apple", "cherry"]) {
//!     println!("{}", result?[0]);
//! }
//! pool.join()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A task that fails, panics, exits, is killed, or takes too long is reported as what it is: [`TaskError`]. A worker that
//! died, or in which something panicked, is replaced by a fresh process. Whatever happens to workers, other tasks do not
//! notice.
//!
//! # The processes
//!
//! ```text
//!   this process ───orders──► keeper ───order──► worker 0 … n
//!   (may have threads) ◄─reports──  ◄──report──
//! ```
//!
//! [`Builder::start`] forks the *keeper*, which forks the workers. It has one thread and nothing else to do, so it can fork
//! a new worker at any time, which [a program with threads may not](crate::process#threads); it reaps the old one; it
//! looks after time limits, and hands out tasks, also while this process does something else. It knows what each worker
//! has, so no task is lost with one, and none is blamed for another.
//!
//! - All of them end with this process, however it ends, SIGKILL included: parent-death signals of prctl(2). No zombie stays,
//!   for the keeper reaps its workers, and this process its keeper.
//! - If the keeper is killed, its workers die, and all that was not done is [`TaskError::Ended`].
//! - [`Pool::join`] lets the workers finish, [`Pool::terminate`] does not, and dropping the pool is the latter.
//! - No thread is started. The threads that wait for results listen for all others; without any, tasks are done
//!   nevertheless, and results wait.
//! - A process that is forked from this one has a copy of the pool, which [answers nothing](TaskError::Foreign).
//!
//! # Arguments and results
//!
//! They are bytes, or, with the feature `serde`, values. Small ones go through [pipes](super::pipe), one message for each task;
//! what a message does not hold (some 200 KB) goes as a file in memory (memfd_create(2)) whose descriptor is passed on.
//! So nothing is too large, up to 4 GiB.

mod builder;
mod failed;
mod handle;
mod keeper;
mod map;
mod parcel;
mod pending;
mod shared;
mod table;
mod task;
mod ticket;
mod wire;
mod worker;

pub use builder::Builder;
pub use failed::TaskError;
pub use handle::Pool;
pub use map::{Map, MapUnordered};
pub use pending::Pending;
#[cfg(feature = "serde")]
pub use task::ValueTask;
pub use task::{Argument, Call, Task};
