//! The life of a service: how it begins, what its manager hears of it, and how another process goes on in its place without
//! losing a connection.
//!
//! ```no_run
//! use wirenut_linux::process::{User, become_user};
//! use wirenut_linux::socket::TcpListener;
//! use wirenut_server::life::Life;
//! use std::os::fd::AsFd;
//! use wirenut::time::Duration;
//!
//! # fn wait_for_a_signal() {}
//! # fn begin_to_accept(_: &TcpListener) {}
//! # fn hand_over() {}
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let (life, mut passed) = Life::begin()?;
//!     let listener: TcpListener = match passed.take("web") {
//!         Some(passed) => passed.into_socket()?, // of systemd, or of the process before
//!         None => TcpListener::bind(&"0.0.0.0:80".parse()?)?,
//!     };
//!     become_user(&User::look_up("www-data")?)?;
//!     life.ready()?; // from now on this process answers
//!     begin_to_accept(&listener);
//!     loop {
//!         wait_for_a_signal(); // that asks for a restart
//!         match life.restart(&[("web", listener.as_fd())], Duration::from_secs(60)) {
//!             Ok(()) => break hand_over(), // the new process accepts already
//!             Err(error) => log::error!("{error}"), // this one goes on
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # How a restart goes
//!
//! | | the old process | the new process | who accepts |
//! |---|---|---|---|
//! | 1 | starts the program again: the one that is on the disk now, with the same arguments and environment, and with **the same listening sockets** | | old |
//! | 2 | waits, and serves | loads what it needs, takes the sockets, gives up its privileges | old |
//! | 3 | | says that it is ready: [`Life::ready`] | old |
//! | 4 | tells systemd that the new process is the main one; hands the paths of Unix sockets over; says so | | both may |
//! | 5 | accepts no more, and ends with its connections: [`Stopper::hand_over`] | tells systemd that it is ready, and serves | new |
//!
//! A listening socket with its queue belongs to all processes that have it. So at each moment somebody accepts, and who waits in
//! the queue is served by the one or the other. A second socket for the same address (SO_REUSEPORT) would have a queue of its
//! own, which is lost when it closes.
//!
//! The old process closes no connection by itself. Each of its answers says that it is the last one of its connection
//! (`Connection: close`), and an idle connection waits for one more request, or for its peer to close it: a request that met a
//! close would be lost, and a proxy that keeps connections may send one at any moment. Only what is idle until
//! [`Config::drain`](crate::Config::drain) is over is closed then; so a proxy whose idle connections live shorter than that
//! loses nothing.
//!
//! If the new process ends before it is ready, or takes too long, it is reaped, [the error](RestartError) says why, and the old
//! one has never stopped. If the old one ends before it has answered, the new one serves.
//!
//! # Under systemd
//!
//! `Type=notify` (or `notify-reload`). The old process, which systemd listens to, names the new one before that says anything; so
//! `NotifyAccess=main`, the default, is enough. `NotifyAccess=all` also lets a new process report that was left alone by the death
//! of the old one. The signal for a restart reaches the main process by
//! `systemctl kill --kill-whom=main --signal=USR2 NAME.service`.
//!
//! A process that is the first one of a container cannot hand over: when it ends, the container does.
//!
//! [`Stopper::hand_over`]: crate::Stopper::hand_over

mod handover;
mod names;
mod notify;
mod passed;
mod restart;
mod service;

pub use notify::Notifier;
pub use passed::Passed;
pub use restart::{RestartError, Successor};
pub use service::Life;
