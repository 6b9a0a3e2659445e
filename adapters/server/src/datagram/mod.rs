//! Servers of datagrams: each datagram is a request, and has one reply or none.
//!
//! ```
//! use std::net::UdpSocket;
//! use wirenut_linux::socket::AnyAddress;
//! use wirenut_server::datagram::DatagramServer;
//! use wirenut_server::{Config, Model};
//!
//! let upper = |datagram: &[u8], _: &AnyAddress| Some(datagram.to_ascii_uppercase());
//!
//! let server = DatagramServer::bind("127.0.0.1:0", Config { model: Model::Iterative, ..Config::DEFAULT })?;
//! # let (address, stopper) = (server.address().internet().unwrap(), server.stopper());
//! # let client = std::thread::spawn(move || {
//! #     let client = UdpSocket::bind("127.0.0.1:0").unwrap();
//! #     client.send_to(b"hello", address).unwrap();
//! #     let mut reply = [0; 10];
//! #     assert_eq!(client.recv(&mut reply).unwrap(), 5);
//! #     assert_eq!(&reply[..5], b"HELLO");
//! #     stopper.stop();
//! # });
//! server.run(&upper)?;
//! # client.join().unwrap();
//! # Ok::<(), wirenut_server::Error>(())
//! ```
//!
//! | model | who handles a datagram |
//! |---|---|
//! | [`Iterative`](Model::Iterative) | this thread, one after the other |
//! | [`Forking`](Model::Forking), [`Threading`](Model::Threading) | a process or thread made for it; while there are as many as there may be, none is taken |
//! | [`PreForked`](Model::PreForked), [`PreThreaded`](Model::PreThreaded) | one of the processes or threads made at the start |
//! | [`Multiplexed`](Model::Multiplexed) | nobody: a datagram is done when its handler returns, so there is nothing to wait for beside it |
//!
//! Datagrams wait in the socket's buffer while everybody is busy
//! ([`set_recv_buffer_size`](wirenut_linux::socket::Socket::set_recv_buffer_size)). Over UDP the system drops what does
//! not fit there, and tells nobody; over a Unix socket the sender waits.
//!
//! A reply for which there is no room, since the peer of a Unix socket does not take its replies, is lost, and
//! [told](DatagramHandler::failed): to wait for one peer would hold up the others.

mod handler;
mod run;
mod server;
mod socket;
mod work;

pub use handler::DatagramHandler;
pub use server::DatagramServer;

#[cfg(doc)]
use crate::Model;
