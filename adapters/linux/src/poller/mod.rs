//! Waiting for several things at once: select, poll and epoll behind one contract, the core's [`Poller`].
//!
//! | | [`Select`] | [`Poll`] | [`Epoll`] | [`EdgeEpoll`] |
//! |---|---|---|---|---|
//! | descriptors | below 1,024 | any | any | any |
//! | a wait costs | the largest descriptor | all that are registered | those that are ready | those that are ready |
//! | to register costs | nothing | nothing | a system call | a system call |
//! | error, hang-up, half-close are told | no | yes | yes | yes |
//! | limits are rounded up to | microseconds | microseconds | milliseconds | milliseconds |
//! | tells again what is still ready | yes | yes | yes | no |
//!
//! Anything that is [`AsFd`](std::os::fd::AsFd) can be registered: every [`socket`](crate::socket), those of the standard library,
//! pipes, and
//! - a [`Timer`], which becomes readable when its time has come;
//! - a [`Bell`], by which another thread wakes up the one that waits;
//! - [`signal::termination`](crate::signal::termination), readable since the process was told to end.
//!
//! ```
//! use std::os::fd::AsFd;
//! use wirenut_linux::poller::{Bell, Epoll, Interest, Poller, Token, Waited};
//!
//! const BELL: Token = Token(7);
//! let bell = Bell::new()?;
//! let mut poller = Epoll::new()?; // or Poll, or Select
//! poller.register(bell.as_fd(), BELL, Interest::READABLE)?;
//! let ringing = {
//!     let bell = bell.clone();
//!     std::thread::spawn(move || bell.ring())
//! };
//! assert_eq!(poller.wait(None)?, Waited::Ready);
//! while let Some(event) = poller.next_event() {
//!     assert!(event.token == BELL && event.is_readable());
//!     bell.silence();
//! }
//! # ringing.join().unwrap();
//! # Ok::<(), wirenut_linux::Error>(())
//! ```
//!
//! EPOLLONESHOT is what [`Interest::NOTHING`] does, and is not offered. EPOLLEXCLUSIVE is beyond the contract:
//! [`register_shared`](EpollInstance::register_shared).

mod bell;
mod epoll;
mod poll;
mod select;
#[cfg(test)]
mod tests;
mod timer;
mod waited;

pub use bell::Bell;
pub use epoll::{Edge, EdgeEpoll, Epoll, EpollInstance, Level, Trigger};
pub use poll::Poll;
pub use select::Select;
pub use timer::Timer;
pub use wirenut::readiness::{Event, Interest, LevelTriggered, Poller, Readiness, Token, Waited};
