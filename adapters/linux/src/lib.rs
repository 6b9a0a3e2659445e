//! Wirenut on Linux: one thread or several, each with an epoll and any number of connections of a
//! [`Service`](wirenut::http::service::Service).
//!
//! ```
//! use wirenut::http::{RequestHead, Response, Status, WriteError};
//! use wirenut::http::service::{Responder, Service, Step};
//! use wirenut_linux::{Config, Server};
//!
//! struct Hello;
//!
//! impl Service for Hello {
//!     type Exchange = ();
//!     type Source = core::convert::Infallible;
//!
//!     fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
//!         responder.send(&Response::new(Status::OK), b"Hello, World!")?;
//!         Ok(((), Step::Done))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
//! server.stop_on_signals()?;
//! # server.stopper().stop();
//! server.run(&Hello)?;
//! # Ok(())
//! # }
//! ```
//!
//! The methods of the service run in the threads of the server and must not block: each of them holds up all other
//! connections of its thread. See [`Service`](wirenut::http::service::Service).
//!
//! Beneath it, and usable without it: [`socket`], the calls of network programming with their traps closed, [`poller`] to
//! wait for many of them, [`lookup`] for names and addresses, and [`signal`] for an orderly end.
//!
//! | module | what lives there |
//! |---|---|
//! | [`socket`] | TCP, UDP and Unix sockets |
//! | [`poller`] | select, poll and epoll; what wakes them up: timers, other threads |
//! | [`lookup`] | hosts and services, by name and by address |
//! | [`signal`] | SIGTERM, SIGINT and SIGHUP as something to wait for |
//! | `error` | what failed, on what, and why |
//! | `server`, `config` | what a user sees: listen, run, stop |
//! | `worker` | the loop of one thread: wait, then deadlines, events, wakes |
//! | `turn` | one connection's turn: receive, drive, send, obey |
//! | `guard` | panics of the service: caught here, and nowhere else |
//! | `accept`, `refused` | the listening socket; connections that are turned away |
//! | `places`, `descriptors` | how many connections there may be, by the configuration and by the system |
//! | `slots`, `timers`, `wake`, `clock` | what the loop keeps: connections, deadlines, wake-ups, the time |
//! | `throttle` | lines of the log that would come again and again |
//! | `transfer` | bodies that the kernel moves itself |
//! | `sys` | system calls, one module for each interface: all the unsafe code |
//!
//! Only `sys` has unsafe code. No module has a protocol `if`: what HTTP wants is asked of the core's
//! [`Session`](wirenut::http::service::Session).
#![deny(unsafe_code)]

extern crate alloc;

mod accept;
mod clock;
mod config;
mod connection;
mod descriptors;
mod error;
mod guard;
pub mod lookup;
mod places;
pub mod poller;
mod refused;
mod server;
pub mod signal;
mod slots;
pub mod socket;
mod sys;
mod throttle;
mod timers;
mod transfer;
mod turn;
mod wake;
mod worker;

pub use config::Config;
pub use descriptors::raise_descriptor_limit;
pub use error::Error;
pub use server::{Report, Server};
pub use transfer::{FileRange, Transfer};
pub use wake::Stopper;
