//! The server over real sockets: every path of a connection, and `closed` exactly once in each of them.

extern crate alloc;

mod admission;
mod blocking;
mod child;
mod client;
mod ending;
mod endings;
mod exchanges;
mod lab;
mod listening;
mod logging;
mod metrics;
mod output;
mod panics;
mod pollers;
mod protocols;
mod proxy_protocol;
mod release;
mod stopping;
mod threads;
mod waiting;
mod websocket;
