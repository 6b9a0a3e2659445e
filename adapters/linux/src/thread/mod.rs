//! What threads need beside [`std::thread`]: an [`Event`] to wait for, and a [`Pool`] with bounds and names.
//!
//! Locks, conditions, barriers and channels are the standard library's; those between processes are in another module.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use wirenut_linux::thread::{Bounds, Event, Pool};
//!
//! let pool = Pool::new("reader", Bounds { threads: NonZeroUsize::new(4).unwrap(), ..Bounds::DEFAULT });
//! let begin = Event::new();
//! let jobs: Vec<_> = (0..10).map(|number| {
//!     let begin = begin.clone();
//!     pool.spawn(move || {
//!         begin.wait();
//!         number * number
//!     }).unwrap()
//! }).collect();
//! begin.set();
//! let squares: Result<Vec<u64>, _> = jobs.into_iter().map(|job| job.join()).collect();
//! assert_eq!(squares.unwrap().iter().sum::<u64>(), 285);
//! pool.join();
//! ```

mod event;
mod pool;

pub use event::Event;
pub use pool::{Bounds, Full, Job, Lost, Pool};
