//! Wirenut over smoltcp: many HTTP connections over the sockets of one set, in fixed memory. The client's end is
//! [`Client`].
//!
//! Requests are read where they lie, in the ring of their socket, and responses are made in one scratch buffer that all
//! connections share. What is kept of an unfinished head lies in a store of the connection, so neither ring nor scratch
//! must hold one: a head may be larger than both. What a service does not take stays in the ring and closes the window
//! of TCP: that is the back-pressure.
//!
//! ```no_run
//! # use smoltcp::{iface::{Interface, SocketSet}, phy::Device, socket::tcp, time::Instant};
//! use wirenut::http::service::service_fn;
//! use wirenut::http::{FieldFilter, Limits};
//! use wirenut::readiness::{Policy, WhenFull};
//! use wirenut_smoltcp::Server;
//!
//! /// The service asks for no field; the first line of a request has up to 109 bytes.
//! const FILTER: FieldFilter = FieldFilter { names: &[], bytes: 109 };
//! const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
//!
//! # fn run(mut interface: Interface, mut device: impl Device, now: fn() -> Instant, sleep_until: fn(Option<Instant>)) {
//! let mut buffers = [[[0; 1024]; 2]; 4];
//! let mut storage = [const { smoltcp::iface::SocketStorage::EMPTY }; 4];
//! let mut sockets = SocketSet::new(&mut storage[..]);
//! let handles = buffers.each_mut().map(|[received, sent]| {
//!     let buffer = tcp::SocketBuffer::new;
//!     sockets.add(tcp::Socket::new(buffer(&mut received[..]), buffer(&mut sent[..])))
//! });
//! let policy = Policy { slots: 4, when_full: WhenFull::Refuse, ..Policy::DEFAULT };
//! let hello = service_fn(|_, responder| responder.text("hello"));
//! let mut server = Server::<_, 4, { LIMITS.store_bytes() }>::new(handles, 80, &LIMITS, policy);
//! let mut scratch = [0; 256];
//! loop {
//!     interface.poll(now(), &mut device, &mut sockets);
//!     while let Some(_error) = server.poll(now(), None, &mut sockets, &hello, &mut scratch) {}
//!     sleep_until(server.poll_timeout(interface.poll_at(now(), &sockets)));
//! }
//! # }
//! ```
//!
//! The methods of the service run inside [`Server::poll`] and must not block: all connections wait meanwhile, and the
//! interface is not polled. See [`Service`](wirenut::http::service::Service).
//!
//! # Not supported
//!
//! - A queue of connections in front of the sockets: smoltcp has none. See [`Server::new`].
//! - Bodies that are moved by the adapter ([`Step::Transfer`](wirenut::http::service::Step::Transfer)).
#![no_std]
#![deny(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "tests may panic"
    )
)]

#[cfg(test)]
extern crate alloc;

mod clock;
mod reception;
mod slot;
mod socket;

mod connection;
pub use connection::Connection;

mod leaving;
pub use leaving::Leaving;

mod state;
pub use state::{readiness, state};

mod server;
pub use server::Server;

mod client;
pub use client::Client;

#[expect(unsafe_code, reason = "a waker without allocation is made of raw parts")]
mod wakes;
pub use wakes::{Wake, Wakes};

#[cfg(test)]
mod tests;
