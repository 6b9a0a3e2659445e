//! Network programming on Linux: typed sockets with their traps closed, pollers, and what else a program that serves or
//! asks over a network needs of the operating system.
//!
//! ```
//! use wirenut_linux::socket::{Mode, Received, TcpListener, TcpStream};
//!
//! let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
//! let client = TcpStream::connect(&listener.local_address()?)?;
//! let (server, peer) = listener.accept(Mode::Blocking)?.done().unwrap();
//! assert_eq!(peer, client.local_address()?);
//! drop(client);
//! assert_eq!(server.recv(&mut [0; 100])?, Received::End);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! No protocol is spoken here: a [`connection`] drives one, whatever it is, by the core's one loop. HTTP servers over it are the package `wirenut-server`.
//!
//! | module | what lives there |
//! |---|---|
//! | [`socket`] | TCP, UDP and Unix sockets |
//! | [`packet`] | what passes an interface, for those who watch |
//! | [`poller`] | select, poll and epoll; what wakes them up: timers, other threads |
//! | [`connection`] | the loop of one connection, whatever is spoken on it |
//! | [`timers`] | deadlines of thousands, in a timer wheel |
//! | [`wake`] | a queue by which other threads reach the one that waits |
//! | [`thread`] | what threads need beside the standard library: an event, a pool |
//! | [`lookup`] | hosts and services, by name and by address |
//! | [`process`] | a closure in a process of its own; pipes and pools of processes; other programs; users and what they give up |
//! | [`sync`] | what processes share: memory, locks, semaphores, events, queues |
//! | [`signal`] | signals: names, handlers, masks, alarms, sending and waiting; SIGTERM and SIGHUP in a poller |
//! | `clock` | the time that all processes share |
//! | `descriptors` | the limit of open descriptors |
//! | `error`, `lookup_failure` | what failed, on what, and why |
//! | `sys` | system calls, one module for each interface: all the unsafe code |
//!
//! Only `sys` has unsafe code.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

extern crate alloc;

mod clock;
pub mod connection;
mod descriptors;
mod error;
pub mod lookup;
mod lookup_failure;
pub mod packet;
pub mod poller;
pub mod process;
pub mod signal;
pub mod socket;
pub mod sync;
mod sys;
pub mod thread;
pub mod timers;
#[cfg(feature = "serde")]
mod value;
pub mod wake;

pub use clock::monotonic_time;
pub use descriptors::{descriptor_limit, raise_descriptor_limit};
pub use error::Error;
