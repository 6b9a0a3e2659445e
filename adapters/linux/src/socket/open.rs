//! From nothing to a socket that is bound, or listens.

use core::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, socket_with, socketpair, sockopt};

use super::address::sealed::Address as _;
use super::address::{Family, UnixAddress};
use super::protocol::{
    Connected, Connection, Datagram, Internet, Listening, Local, Open, Protocol, Seqpacket, Stream, Tcp, Udp,
};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::socket;

/// How many connections may wait in the listeners that are made in one call. The system has its own bound
/// (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;

fn create<P: Protocol>(family: AddressFamily) -> Result<OwnedFd, Errno> {
    socket_with(family, P::TYPE, SocketFlags::CLOEXEC, None)
}

fn internet<P: Internet>(family: Family) -> Result<Socket<P>, Error> {
    let failed = |errno| Error::of("make a socket for", &P::NAME, errno);
    if family == Family::V4 {
        return create::<P>(AddressFamily::INET).map(Socket::new).map_err(failed);
    }
    let descriptor = create::<P>(AddressFamily::INET6).map_err(failed)?;
    sockopt::set_ipv6_v6only(&descriptor, family == Family::V6).map_err(failed)?;
    Ok(Socket::new(descriptor))
}

fn local<P: Local>() -> Result<Socket<P>, Error> {
    create::<P>(AddressFamily::UNIX).map(Socket::new).map_err(|errno| Error::of("make a socket for", &P::NAME, errno))
}

impl Socket<Tcp> {
    /// A TCP socket, to be given options before it is bound, listens or connects: socket(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::tcp(Family::DualStack)?;
    /// socket.set_reuse_address(true)?;
    /// socket.bind(&"[::]:0".parse()?)?; // IPv4 and IPv6
    /// let listener = socket.listen(128)?;
    /// assert_ne!(listener.local_address()?.port(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No descriptor or memory is left, or the machine does not speak the family.
    pub fn tcp(family: Family) -> Result<Self, Error> {
        internet(family)
    }
}

impl Socket<Udp> {
    /// A UDP socket, to be given options before it is bound or sends: socket(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::udp(Family::V4)?;
    /// socket.set_broadcast(true)?;
    /// assert_eq!(socket.local_address()?.port(), 0); // bound with the first datagram that is sent
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::tcp`].
    pub fn udp(family: Family) -> Result<Self, Error> {
        internet(family)
    }

    /// A UDP socket with an address; port 0 lets the system choose one. The address is nobody else's at the same time:
    /// unlike for TCP, reuse would share the datagrams.
    ///
    /// ```
    /// use wirenut_linux::socket::UdpSocket;
    /// let socket = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
    /// assert_ne!(socket.local_address()?.port(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::udp`] and [`Self::bind`].
    pub fn bind_to(address: &SocketAddr) -> Result<Self, Error> {
        let socket = Self::udp(Family::of(address))?;
        socket.bind(address)?;
        Ok(socket)
    }
}

impl Socket<Stream> {
    /// A Unix socket for streams: socket(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Socket, UnixAddress};
    /// let name = UnixAddress::abstract_name(format!("open {}", std::process::id()).as_bytes())?;
    /// let socket = Socket::stream()?;
    /// socket.set_send_buffer_size(10_000)?;
    /// socket.bind(&name)?;
    /// let _listener = socket.listen(1)?;
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// No descriptor or memory is left.
    pub fn stream() -> Result<Self, Error> {
        local()
    }
}

impl Socket<Datagram> {
    /// A Unix socket for datagrams: socket(2). Unbound, it has no address that could be answered to.
    ///
    /// ```
    /// assert!(wirenut_linux::socket::Socket::datagram()?.local_address()?.is_unnamed());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// No descriptor or memory is left.
    pub fn datagram() -> Result<Self, Error> {
        local()
    }
}

impl Socket<Seqpacket> {
    /// A Unix socket for connections of messages: socket(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Mode, Received, SeqpacketStream, Socket, UnixAddress};
    /// let name = UnixAddress::abstract_name(format!("messages {}", std::process::id()).as_bytes())?;
    /// let socket = Socket::seqpacket()?;
    /// socket.bind(&name)?;
    /// let listener = socket.listen(1)?;
    /// let client = SeqpacketStream::connect(&name)?;
    /// let (server, _) = listener.accept(Mode::Blocking)?.done().unwrap();
    /// drop(client);
    /// assert_eq!(server.recv_message(&mut [0; 10])?, Received::End);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// No descriptor or memory is left.
    pub fn seqpacket() -> Result<Self, Error> {
        local()
    }
}

impl<P: Protocol> Socket<P, Open> {
    /// Gives the socket an address: bind(2). Of an Internet address, port 0 lets the system choose one.
    ///
    /// A Unix pathname is created with the permissions that the umask leaves, and stays when the socket is closed:
    /// [`Socket::listen_at`] and [`Socket::bind_pathname`] take care of both.
    ///
    /// ```
    /// use wirenut_linux::socket::{Socket, UnixAddress};
    /// let socket = Socket::datagram()?;
    /// let name = UnixAddress::abstract_name(format!("bind {}", std::process::id()).as_bytes())?;
    /// socket.bind(&name)?;
    /// assert_eq!(socket.local_address()?, name);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`: somebody has it, or the path exists. `AddrNotAvailable`: no interface of this machine has it.
    /// `PermissionDenied`: a port below 1024, or a directory that is not ours. `InvalidInput`: bound already.
    pub fn bind(&self, address: &P::Address) -> Result<(), Error> {
        rustix::net::bind(self, address.raw()).map_err(|errno| Error::of("bind to", address, errno))
    }
}

impl<P: Connection> Socket<P, Open> {
    /// Begins to wait for connections: listen(2), after [`Self::bind`]; an Internet socket that is not bound gets a port of
    /// the system's choice. So many may wait to be accepted; `net.core.somaxconn` bounds that,
    /// too. What is more must try again, for TCP after a second.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::tcp(Family::V4)?;
    /// socket.bind(&"127.0.0.1:0".parse()?)?;
    /// let listener = socket.listen(128)?; // the socket is a listener from now on
    /// assert_ne!(listener.local_address()?.port(), 0);
    /// assert_eq!(Socket::stream()?.listen(1).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`: another socket listens there already. `InvalidInput`: a Unix socket that is not bound.
    pub fn listen(self, backlog: u32) -> Result<Socket<P, Listening>, Error> {
        socket::listen(&self, backlog).map_err(self.failed("listen on"))?;
        Ok(self.into_state())
    }
}

impl Socket<Tcp, Listening> {
    /// Listens for TCP connections; port 0 lets the system choose one. The address may have been used a moment ago
    /// (SO_REUSEADDR), but not be in use.
    ///
    /// ```
    /// use wirenut_linux::socket::TcpListener;
    /// let first = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let error = TcpListener::bind(&first.local_address()?).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Socket::tcp`] and [`Socket::bind`].
    pub fn bind(address: &SocketAddr) -> Result<Self, Error> {
        let socket = Socket::tcp(Family::of(address))?;
        socket.set_reuse_address(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }
}

impl Socket<Stream, Listening> {
    /// Listens for connections of byte streams on this machine. See [`Socket::listen_at`] for paths.
    ///
    /// ```
    /// use wirenut_linux::socket::{UnixAddress, UnixListener};
    /// let name = UnixAddress::abstract_name(format!("taken {}", std::process::id()).as_bytes())?;
    /// let _listener = UnixListener::bind(&name)?;
    /// let error = UnixListener::bind(&name).unwrap_err();
    /// assert_eq!(error.to_string(), format!("cannot bind to {name}: Address already in use (os error 98)"));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Socket::stream`] and [`Socket::bind`].
    pub fn bind(address: &UnixAddress) -> Result<Self, Error> {
        let socket = Socket::stream()?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }
}

impl Socket<Seqpacket, Listening> {
    /// Listens for connections of messages on this machine. See [`Socket::listen_at`] for paths.
    ///
    /// ```
    /// use wirenut_linux::socket::{SeqpacketListener, UnixAddress};
    /// let name = UnixAddress::abstract_name(format!("packets {}", std::process::id()).as_bytes())?;
    /// assert_eq!(SeqpacketListener::bind(&name)?.local_address()?, name);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Socket::seqpacket`] and [`Socket::bind`].
    pub fn bind(address: &UnixAddress) -> Result<Self, Error> {
        let socket = Socket::seqpacket()?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }
}

impl<P: Local> Socket<P, Connected> {
    /// Two sockets that are connected to each other: socketpair(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Connected, Datagram, Socket};
    /// let (one, other) = Socket::<Datagram, Connected>::pair()?;
    /// assert_eq!(one.send_message(b"")?, Attempt::Done(()));
    /// assert_eq!(other.recv_message(&mut [])?.done().unwrap().full_length, 0);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// No two descriptors are left, or no memory.
    pub fn pair() -> Result<(Self, Self), Error> {
        let (one, other) = socketpair(AddressFamily::UNIX, P::TYPE, SocketFlags::CLOEXEC, None)
            .map_err(|errno| Error::of("make a pair of sockets for", &P::NAME, errno))?;
        Ok((Self::connected(one)?, Self::connected(other)?))
    }
}

impl<P: Protocol> Socket<P, Connected> {
    /// A descriptor that has just been connected.
    pub(super) fn connected(descriptor: OwnedFd) -> Result<Self, Error> {
        let socket = Self::new(descriptor);
        P::prepare(socket.as_fd()).map_err(socket.failed("prepare"))?;
        Ok(socket)
    }
}
