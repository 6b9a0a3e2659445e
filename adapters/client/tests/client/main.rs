//! The client against servers of every kind, over real sockets.

extern crate alloc;

mod canned;
mod connects;
mod endings;
mod exchanges;
mod hostile;
mod lab;
mod linted;
mod peers;
mod polled;
mod pool;
mod proxies;
mod redirects;
mod times;
#[cfg(feature = "tls")]
mod tls;
mod upgrades;
