//! Servers over sockets of tokio 1.
//!
//! | module | what lives there |
//! |---|---|
//! | `listener`, `config`, `report` | what a user sees |
//! | `threads` | one server on each of several threads |
//! | `running` | the loop: connections, those who come, and the end |
//! | `accept`, `incoming` | listening sockets, TCP and Unix |
//! | `place`, `places` | a connection's place among others, and how many there are |
//! | `contained` | one connection until it is over, whatever the service does |
//! | `speakers` | what is spoken on it: HTTP, an endpoint's protocol, or what a handler says |
//! | `connection`, `idling` | what a handler sees; an endpoint that knows nothing of the server |

mod accept;
mod config;
mod connection;
mod contained;
mod idling;
mod incoming;
mod listener;
mod place;
mod places;
mod report;
mod running;
mod speakers;
mod threads;

pub use accept::{TokioAccept, TokioUnixPeer};
pub use config::TokioConfig;
pub use connection::TokioConnection;
pub use listener::TokioListener;
pub use report::{TokioFailure, TokioReport};
pub use threads::{TokioStop, serve_on_threads};
