//! The one type of all sockets, with the protocol and the state as its parameters; and the usual combinations.

use core::fmt;
use core::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::Errno;

use super::address::sealed::Address as _;
use super::protocol::{
    AnyDatagram, AnyStream, Connected, Datagram, Listening, Open, Protocol, Seqpacket, State, Stream, Tcp, Udp,
};
use crate::error::Error;

/// A socket that speaks protocol `P` and is in state `S`. It owns its descriptor, and closes it when dropped.
///
/// See the [module](super) for what it can do in which state.
pub struct Socket<P, S = Open> {
    pub(super) descriptor: OwnedFd,
    kind: PhantomData<(P, S)>,
}

/// Accepts TCP connections.
pub type TcpListener = Socket<Tcp, Listening>;
/// One end of a TCP connection.
pub type TcpStream = Socket<Tcp, Connected>;
/// Accepts connections of byte streams, over TCP or on this machine.
pub type AnyListener = Socket<AnyStream, Listening>;
/// One end of a byte stream, over TCP or on this machine.
pub type AnyByteStream = Socket<AnyStream, Connected>;
/// Sends to and receives from anybody, by UDP or on this machine.
pub type AnyDatagramSocket = Socket<AnyDatagram, Open>;
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
    pub(super) fn new(descriptor: OwnedFd) -> Self {
        Self { descriptor, kind: PhantomData }
    }

    /// The same socket, in another state.
    pub(super) fn into_state<T: State>(self) -> Socket<P, T> {
        Socket::new(self.descriptor)
    }

    /// To be given to `map_err`.
    pub(super) fn failed(&self, operation: &'static str) -> impl Fn(Errno) -> Error + use<P, S> {
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
