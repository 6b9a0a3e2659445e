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
//! - Every failed call says what, with what, and why: [`Error`].
//!
//! Every socket is [`AsFd`], so any poller can watch it, and converts from and to the types of `std`, so what
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
mod io;
mod message;
mod multicast;
mod open;
mod options;
mod pathname;
mod protocol;
mod stream;
mod tcp;

use core::fmt;
use core::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::Errno;

pub use accept::Accepted;
pub use address::{Address, Family, UnixAddress};
pub use attempt::{Attempt, Received};
pub use batch::Batch;
pub use connect::Progress;
pub use descriptors::{Credentials, Delivery, MAX_DESCRIPTORS};
pub use inherited::{Inherited, inherited};
pub use message::Message;
pub use options::Mode;
pub use pathname::Pathname;
pub use protocol::{
    ByteStream, Connected, Connecting, Connection, Datagram, Datagrams, Internet, Listening, Local, Messages, Open,
    Protocol, Seqpacket, Settled, State, Stream, Tcp, Udp,
};
pub use tcp::KeepAlive;

use crate::error::Error;
use address::sealed::Address as _;

/// A socket that speaks protocol `P` and is in state `S`. It owns its descriptor, and closes it when dropped.
///
/// See the [module](self) for what it can do in which state.
pub struct Socket<P, S = Open> {
    descriptor: OwnedFd,
    kind: PhantomData<(P, S)>,
}

/// Accepts TCP connections.
pub type TcpListener = Socket<Tcp, Listening>;
/// One end of a TCP connection.
pub type TcpStream = Socket<Tcp, Connected>;
/// Sends to and receives from anybody by UDP.
pub type UdpSocket = Socket<Udp, Open>;
/// Accepts connections of byte streams on this machine.
pub type UnixListener = Socket<Stream, Listening>;
/// One end of a byte stream on this machine.
pub type UnixStream = Socket<Stream, Connected>;
/// Sends to and receives from anybody on this machine: in order, and nothing is lost.
pub type UnixDatagram = Socket<Datagram, Open>;
/// Accepts connections of messages on this machine.
pub type SeqpacketListener = Socket<Seqpacket, Listening>;
/// One end of a connection on this machine that keeps the bounds of messages.
pub type SeqpacketStream = Socket<Seqpacket, Connected>;

impl<P: Protocol, S: State> Socket<P, S> {
    fn new(descriptor: OwnedFd) -> Self {
        Self { descriptor, kind: PhantomData }
    }

    /// The same socket, in another state.
    fn into_state<T: State>(self) -> Socket<P, T> {
        Socket::new(self.descriptor)
    }

    /// To be given to `map_err`.
    fn failed(&self, operation: &'static str) -> impl Fn(Errno) -> Error + use<P, S> {
        let descriptor = self.as_raw_fd();
        move |errno| Error::on(operation, &descriptor, errno)
    }

    /// The socket's own address: getsockname(2). An unbound one has the wildcard address, or is unnamed.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::udp(Family::V6)?;
    /// assert_eq!(socket.local_address()?, "[::]:0".parse()?);
    /// socket.bind(&"[::1]:0".parse()?)?;
    /// assert_ne!(socket.local_address()?.port(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system has no buffers left.
    pub fn local_address(&self) -> Result<P::Address, Error> {
        let failed = self.failed("tell the own address of");
        P::Address::from_any(rustix::net::getsockname(self).map_err(&failed)?).map_err(failed)
    }
}

impl<P: Protocol, S: State> Socket<P, S> {
    /// A second descriptor of the same socket, closed on exec(2) as well: fcntl(2), F_DUPFD_CLOEXEC. Both have one mode, one
    /// queue and one set of options; the socket is closed with the last of them. For several threads that each own a
    /// listener.
    ///
    /// ```
    /// use wirenut_linux::socket::{Mode, TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let second = listener.try_clone()?;
    /// let address = listener.local_address()?;
    /// drop(listener);
    /// let _client = TcpStream::connect(&address)?;
    /// assert!(second.accept(Mode::Blocking)?.done().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn try_clone(&self) -> Result<Self, Error> {
        let failed = self.failed("duplicate");
        rustix::io::fcntl_dupfd_cloexec(self, 0).map(Self::new).map_err(failed)
    }
}

impl<P: Protocol> Socket<P, Connected> {
    /// The address at the other end: getpeername(2).
    ///
    /// ```
    /// use wirenut_linux::socket::UdpSocket;
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// let one = one.connect(&other.local_address()?)?;
    /// assert_eq!(one.peer_address()?, other.local_address()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `NotConnected`: the connection has ended meanwhile.
    pub fn peer_address(&self) -> Result<P::Address, Error> {
        let failed = self.failed("tell the peer's address of");
        match rustix::net::getpeername(self).map_err(&failed)? {
            Some(address) => P::Address::from_any(address),
            None => P::Address::nobody(),
        }
        .map_err(failed)
    }
}

impl<P, S> AsFd for Socket<P, S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl<P, S> AsRawFd for Socket<P, S> {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

/// The descriptor lives on, and is the caller's to close.
///
/// ```
/// use std::os::fd::{AsRawFd, OwnedFd};
/// let socket = wirenut_linux::socket::Socket::stream()?;
/// let number = socket.as_raw_fd();
/// assert_eq!(OwnedFd::from(socket).as_raw_fd(), number);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl<P, S> From<Socket<P, S>> for OwnedFd {
    fn from(socket: Socket<P, S>) -> Self {
        socket.descriptor
    }
}

/// What it is, and its number.
///
/// ```
/// use std::os::fd::AsRawFd;
/// let socket = wirenut_linux::socket::Socket::seqpacket()?;
/// assert_eq!(format!("{socket:?}"), format!("open Unix seqpacket socket, descriptor {}", socket.as_raw_fd()));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
impl<P: Protocol, S: State> fmt::Debug for Socket<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} socket, descriptor {}", S::NAME, P::NAME, self.as_raw_fd())
    }
}
