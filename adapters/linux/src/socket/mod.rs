//! Sockets: the classic calls, with their traps closed.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::thread;
//! use wirenut_linux::socket::{Mode, Received, TcpListener, TcpStream};
//!
//! let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?; // socket, setsockopt, bind, listen
//! let address = listener.local_address()?;
//! let echo = thread::spawn(move || {
//!     let (stream, _peer) = listener.accept(Mode::Blocking)?.done().unwrap();
//!     let mut bytes = [0; 100];
//!     while let Received::Data(count) = stream.recv(&mut bytes)? {
//!         (&stream).write_all(&bytes[..count])?;
//!     }
//!     Ok::<(), std::io::Error>(())
//! });
//! let mut stream = TcpStream::connect(&address)?;
//! stream.write_all(b"hello")?;
//! stream.shutdown(std::net::Shutdown::Write)?;
//! let mut bytes = Vec::new();
//! stream.read_to_end(&mut bytes)?;
//! assert_eq!(bytes, b"hello");
//! echo.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One type, two parameters
//!
//! Everything is a [`Socket<P, S>`](Socket): a descriptor, the protocol that it speaks and the state that it is in. The
//! calls of the socket API differ by exactly these two, so each call is written once, where it exists, and does not
//! compile where it does not:
//!
//! | protocol | [`Open`] | [`Connecting`] | [`Listening`] | [`Connected`] |
//! |---|---|---|---|---|
//! | [`Tcp`], [`Stream`] | bind, connect, listen | finish | accept | recv, send, shutdown |
//! | [`Seqpacket`] | bind, connect, listen | finish | accept | recv_message, send_message, shutdown |
//! | [`Udp`], [`Datagram`] | bind, connect, recv_from, send_to | | | recv_message, send_message |
//!
//! What receives has a sibling that peeks, and what receives or sends one for several buffers (`_vectored`); descriptors
//! go with any of the Unix protocols.
//!
//! ```compile_fail,E0599
//! # let address = "127.0.0.1:0".parse().unwrap();
//! wirenut_linux::socket::TcpListener::bind(&address).unwrap().recv(&mut [0]); // a listener receives nothing
//! ```
//! ```compile_fail,E0599
//! # let address = "127.0.0.1:0".parse().unwrap();
//! wirenut_linux::socket::TcpStream::connect(&address).unwrap().recv_from(&mut [0]); // a stream has no datagrams
//! ```
//! ```compile_fail,E0599
//! # let address = "127.0.0.1:0".parse().unwrap();
//! let udp = wirenut_linux::socket::UdpSocket::bind_to(&address).unwrap();
//! udp.listen(1); // nobody connects to a UDP socket
//! ```
//!
//! A change of state takes the socket and gives it back in its new state; where it fails, the socket is closed. The
//! usual combinations have the usual names ([`TcpListener`], [`UnixStream`], …). Eight types with a private core, as the
//! standard library has them, would say the same things eight times; one type for all, as in socket2, would say them to
//! nobody but the running program.
//!
//! # What is always so
//!
//! - A descriptor is closed on exec(2), from its first moment, wherever it came from.
//! - Sending to a peer that is gone is an error (EPIPE) and never the signal SIGPIPE (but see `send_file`).
//! - A call that a signal interrupted goes on. What waits and must end at a signal waits with a poller instead.
//! - "Would block", "no bytes" and "the end" are three answers: [`Attempt`], [`Received`].
//! - An IPv6 socket speaks IPv6 only, or both, as [`Family`] says, and not as a sysctl says.
//! - A datagram that did not fit is told: [`Message::is_truncated`].
//! - Every failed call says what, with what, and why: [`Error`](crate::Error).
//!
//! Every socket is [`AsFd`](std::os::fd::AsFd), so any poller can watch it, and converts from and to the types of `std`, so what
//! those can do more need not be here. Byte streams are [`std::io::Read`] and [`std::io::Write`], and the same of
//! `embedded-io`.
//!
//! ```
//! use std::{net, os::unix};
//! use wirenut_linux::socket::{Connected, Socket, TcpListener, UdpSocket, UnixStream};
//! let listener = TcpListener::from(net::TcpListener::bind("127.0.0.1:0")?);
//! let listener: net::TcpListener = listener.into();
//! let stream: unix::net::UnixStream = UnixStream::pair()?.0.into();
//! let stream: UnixStream = stream.into();
//! // What the type of theirs does not say is looked for.
//! let socket = net::UdpSocket::bind("127.0.0.1:0")?;
//! socket.connect(listener.local_addr()?)?;
//! let socket: Socket<_, Connected> = socket.try_into()?;
//! let error = UdpSocket::try_from(net::UdpSocket::from(socket)).unwrap_err();
//! assert!(error.to_string().ends_with("is already connected (os error 106)"), "{error}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Out of scope: protocols other than these, out-of-band data, asynchronous I/O.

mod accept;
mod address;
mod any_address;
mod attempt;
mod batch;
#[cfg(doctest)]
mod combinations;
mod connect;
mod convert;
mod datagram;
mod descriptors;
mod directory_lock;
mod inherited;
mod interrupted;
mod io;
mod message;
mod multicast;
mod open;
mod options;
mod pathname;
mod protocol;
mod stream;
mod tcp;
mod tcp_info;
mod typed;

pub use accept::Accepted;
pub use address::{Address, Family, UnixAddress};
pub use any_address::AnyAddress;
pub use attempt::{Attempt, Received};
pub use batch::Batch;
pub use connect::Progress;
pub use descriptors::{Credentials, Delivery, MAX_DESCRIPTORS};
pub(crate) use inherited::FIRST_PASSED;
pub use inherited::{Inherited, inherited, inherited_at};
pub use message::Message;
pub use options::Mode;
pub use pathname::Pathname;
pub use protocol::{
    AnyDatagram, AnyStream, ByteStream, Connected, Connecting, Connection, Datagram, Datagrams, Internet, Listening,
    Local, Messages, Open, Protocol, Seqpacket, Settled, State, Stream, Tcp, Udp,
};
pub use tcp::KeepAlive;
pub use tcp_info::TcpInfo;
pub use typed::{
    AnyByteStream, AnyDatagramSocket, AnyListener, SeqpacketListener, SeqpacketStream, Socket, TcpListener, TcpStream,
    UdpSocket, UnixDatagram, UnixListener, UnixStream,
};
