//! Wirenut over any stream of `embedded-io` or `embedded-io-async`: one connection, in the caller's memory.
//!
//! A stream is whatever reads and writes bytes in their order: a socket, a TLS session, a UART, a pipe. Two things are
//! missing from the traits of `embedded-io`, and are here: how a stream ends ([`Shutdown`]), and that both directions
//! can be used at once ([`Split`]). Three more come from the caller: buffers, a clock, and what to wait with.
//!
//! | the stream | server | client |
//! |---|---|---|
//! | is async | [`Server::serve`], with a [`Timer`] | [`Client`] |
//! | blocks, and says whether it is ready | [`Server::serve_blocking`], with a [`Clock`] | [`blocking::Client`] |
//! | only blocks | the same, wrapped in [`blocking::Sequential`]: no deadline interrupts a read | the same |
//! | speaks something else | [`converse`] or [`blocking::converse`], with an [`Endpoint`] | the same |
//! | has no end (a UART) | the same, its writer wrapped in [`NoShutdown`] | the same |
//!
//! | feature | brings |
//! |---|---|
//! | `std` | `Tcp`, a socket of the standard library, `StdStream`, what lies over one (TLS), and `SystemClock` (on Unix) |
//! | `tokio-1` | `TokioStream`, over a socket or TLS, and `TokioTimer`; on Unix also servers: `TokioListener`, `serve_on_threads`, `TokioDatagrams` |
//! | `embassy-net-09` | the traits for embassy-net's `TcpSocket`, `EmbassyTimer`, and `Listener`: accepting and admission |
//!
//! One connection is the unit. In which order it reads, writes and ends is decided by the core's
//! [`Conversation`](wirenut::transport::Conversation), for each of these alike. Who accepts the next one, and how many there
//! may be, is the application's: a [`ConnectionObserver`] ties a connection to
//! [`Admission`](wirenut::readiness::Admission). Over embassy-net, `Listener` does all of that; over tokio, `TokioListener` does, for
//! services, endpoints and handlers.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use tokio::net::TcpListener;
//! use wirenut::http::Limits;
//! use wirenut::http::service::service_fn;
//! use wirenut_embedded_io::{Buffers, Server, TokioStream, TokioTimer};
//!
//! let hello = service_fn(|_, responder| responder.text("hello"));
//! const LIMITS: Limits = Limits { head_bytes: 8192, ..Limits::DEFAULT };
//!
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let address = listener.local_addr()?;
//! # let client = std::thread::spawn(move || {
//! #     use std::io::{Read, Write};
//! #     let mut client = std::net::TcpStream::connect(address).unwrap();
//! #     client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
//! #     let mut answer = String::new();
//! #     client.read_to_string(&mut answer).unwrap();
//! #     assert!(answer.ends_with("\r\n\r\nhello"));
//! # });
//! loop {
//!     let (stream, peer) = listener.accept().await?;
//!     let (mut input, mut store, mut output) = ([0; 1024], [0; LIMITS.store_bytes()], [0; 1024]);
//!     let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
//!     let connection = Server::new(&LIMITS, buffers).with_peer(peer);
//!     // Or in a task of its own, for several at once.
//!     if let Err(error) = connection.serve(&mut TokioStream::new(stream), &hello, &TokioTimer::new()).await {
//!         eprintln!("{peer}: {error}");
//!     }
//! #   client.join().unwrap();
//! #   break Ok(());
//! }
//! # }
//! ```
//!
//! The methods of the service run inside the future (or the call) that serves the connection and must not block: what
//! else the executor runs waits meanwhile. See [`Service`](wirenut::http::service::Service).
//!
//! # What a stream owes
//!
//! - Bytes that were written before [`Shutdown::shutdown_write`] arrive. Who drops a stream that has not sent them yet
//!   loses the end of the answer. Before a reset, [`Shutdown::drain`] waits until they have left.
//! - Reads need not be safe to cancel: one that has begun is kept until it is complete. Writes, flushes and ends are
//!   dropped only together with the connection.
//!
//! # Not supported
//!
//! - Bodies that are moved by the adapter ([`Step::Transfer`](wirenut::http::service::Step::Transfer)).
//! - Reading ahead: while something is being written nothing is read, as on every wire of Wirenut.
//! - Pipelined requests of a client.
// The pages of docs.rs say which feature an item needs; that takes a nightly compiler.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![expect(clippy::manual_async_fn, reason = "an async fn keeps a second copy of each argument in its future")]
#![expect(async_fn_in_trait, reason = "whether a future is Send is known where its types are, as in embedded-io-async")]

#[cfg(feature = "tokio-1")]
extern crate alloc;
#[cfg(any(feature = "std", feature = "tokio-1"))]
extern crate std;

mod buffers;
pub use buffers::Buffers;

mod clock;
pub use clock::{Clock, Timer};

mod error;
pub use error::{Error, Operation, StreamError};

mod stream;
pub use stream::{Halves, NoShutdown, Shutdown, Split};

mod observer;
pub use observer::ConnectionObserver;

mod endpoint;
pub use endpoint::{Endpoint, Retirement, Whole};

mod lane;
mod link;

mod converse;
pub use converse::converse;

mod driver;

mod server;
pub use server::Server;

mod asking;
mod client;
pub use client::Client;

pub mod blocking;

/// One file for each foreign world.
mod foreign {
    #[cfg(any(all(feature = "std", unix), feature = "tokio-1"))]
    mod date;
    #[cfg(feature = "embassy-net-09")]
    pub(crate) mod embassy_net_09;
    #[cfg(all(feature = "std", unix))]
    pub(crate) mod std;
    #[cfg(feature = "tokio-1")]
    pub(crate) mod tokio_1;
    #[cfg(any(all(feature = "std", unix), feature = "tokio-1"))]
    mod unsent;
}

#[cfg(feature = "embassy-net-09")]
pub use foreign::embassy_net_09::{EmbassyTimer, EmbassyWriter, Listener, Memory};
#[cfg(all(feature = "std", unix))]
pub use foreign::std::{StdStream, SystemClock, Tcp};
#[cfg(all(feature = "tokio-1", unix))]
pub use foreign::tokio_1::{
    TokioAccept, TokioConfig, TokioConnection, TokioDatagramConfig, TokioDatagramFailure, TokioDatagramReport,
    TokioDatagramSocket, TokioDatagrams, TokioFailure, TokioListener, TokioReport, TokioStop, TokioUnixPeer,
    serve_on_threads,
};
#[cfg(feature = "tokio-1")]
pub use foreign::tokio_1::{TokioHalf, TokioSocket, TokioStream, TokioTimer};
