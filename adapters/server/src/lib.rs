//! Servers on Linux, under any model: iterative, forking, threading, pre-forked, pre-threaded, multiplexed. They serve a
//! [`Service`](wirenut::http::service::Service) over HTTP, any protocol of the core, a [`handler`] that reads and writes, or
//! [datagrams](datagram).
//!
//! ```
//! use wirenut::http::service::service_fn;
//!
//! let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
//! # let until_a_signal = || -> Result<(), wirenut_server::Error> {
//! wirenut_server::serve("127.0.0.1:8080", &hello)?;
//! # Ok(())
//! # };
//! # let _ = until_a_signal;
//! ```
//!
//! [`serve`] is a [`Server`] with all that it has by default. Whoever wants another [`Config`], several threads, or to stop it
//! without a signal, makes one:
//!
//! ```
//! # let hello = wirenut::http::service::service_fn(|_, responder| responder.text("Hello, World!\n"));
//! use wirenut_server::{Config, Model, Server};
//! let model = Model::Multiplexed { workers: std::thread::available_parallelism()? };
//! let server = Server::bind("127.0.0.1:0", Config { model, max_connections: 100, ..Config::DEFAULT })?;
//! let stopper = server.stopper();
//! println!("http://{}/", server.address());
//! # stopper.stop();
//! server.run(&hello)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The [`Model`] says who serves a connection. Where that is a thread beside many others, the handlers and methods of the service
//! must not block: each of them holds up all other connections of its thread. See [`Service`](wirenut::http::service::Service); work that blocks goes to a
//! [`blocking::Pool`].
//!
//! What it asks of the operating system is [`wirenut_linux`]: sockets and the loop over one, epoll, deadlines, wake-ups,
//! signals.
//!
//! | module | what lives there |
//! |---|---|
//! | `server`, `config` | what a user sees: listen, run, stop |
//! | `metrics`, `report`, `prometheus` | what a server does and has done, for whoever watches it |
//! | `model` | who serves a connection: one line of the configuration |
//! | `crew`, `work` | who does the work of a server under each model, and what it is |
//! | [`handler`] | code that reads and writes, and waits, as such work |
//! | [`datagram`] | servers of datagrams |
//! | `vigil`, `chores` | waiting, beside one's own things, for the end; and what is done between two waits |
//! | `board` | what the threads and processes of a server see of each other |
//! | `worker` | the loop of one thread: wait, then deadlines, events, wakes |
//! | `watcher` | which pollers a worker may have |
//! | `turn` | one connection's turn: what it is told, and what it leaves to do |
//! | `speaker`, `speaking` | what is spoken over connections, to a worker; and as the work of a server |
//! | `proxied`, `proxy_protocol` | what proxies say in front of that, and who is one |
//! | `layer`, `tls`, `farewell` | what both ends agree on between the sockets and that, and what is said if they do not |
//! | `http` | HTTP: its sessions, the names of its requests, and the log of what goes wrong |
//! | `protocols`, `arrival` | any other protocol, made for each connection |
//! | `panics` | panics of what is served: caught here, and nowhere else |
//! | `accept`, `listen` | the listening socket |
//! | `places`, `descriptors` | how many connections there may be, by the configuration and by the system |
//! | `slots`, `connection`, `buffers`, `clock` | what the loop keeps: connections, their memory, the time |
//! | `wake` | how other threads reach a worker: wake-ups of exchanges, and the wish to stop |
//! | [`life`] | the service manager, passed sockets, restart by another process |
//! | [`blocking`] | threads for work that blocks |
//! | `throttle` | lines of the log that would come again and again |
//! | `transfer` | bodies that the kernel moves itself |
//!
//! No module has unsafe code, and none a protocol `if`: what HTTP wants is asked of the core's
//! [`Session`](wirenut::http::service::Session).
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

extern crate alloc;

mod accept;
mod arrival;
pub mod blocking;
mod board;
mod buffers;
mod chores;
mod clock;
mod config;
mod connection;
mod crew;
pub mod datagram;
mod descriptors;
mod farewell;
mod file;
mod grow;
pub mod handler;
mod http;
mod layer;
pub mod life;
mod listen;
mod metrics;
mod model;
mod panics;
mod places;
mod prometheus;
mod protocols;
mod proxied;
mod proxy_protocol;
mod report;
mod server;
mod slots;
mod speaker;
mod speaking;
mod throttle;
#[cfg(feature = "tls")]
mod tls;
mod transfer;
mod turn;
mod vigil;
mod wake;
mod watcher;
mod work;
mod worker;

pub use arrival::Arrival;
pub use config::Config;
pub use file::{FileValidators, SendFile, has_rested, send_file};
pub use grow::Grow;
pub use metrics::Metrics;
pub use model::Model;
pub use proxy_protocol::ProxyProtocol;
pub use report::{Connections, Deadlines, Handshakes, Report, Requests};
pub use server::{Server, serve};
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError, TlsFlaw};
pub use transfer::{FileRange, Transfer};
pub use wake::Stopper;
pub use watcher::PollerKind;
pub use wirenut_linux::Error;
