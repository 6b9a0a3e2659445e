//! Connections that we ask for.

use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::SocketType;
use rustix::net::sockopt::{self, Timeout};

use super::address::sealed::Address as _;
use super::address::{Family, UnixAddress};
use super::interrupted;
use super::options::Mode;
use super::protocol::{Connected, Connecting, Connection, Open, Protocol, Seqpacket, Stream, Tcp};
use super::typed::Socket;
use crate::error::Error;

/// What a connection that is asked for without waiting has become: see [`Socket::start_connect`].
#[derive(Debug)]
#[must_use]
pub enum Progress<P: Protocol> {
    /// It is there.
    Connected(Socket<P, Connected>),
    /// Not yet: wait until the socket can be written to, and then [finish](Socket::finish).
    Connecting(Socket<P, Connecting>),
}

impl<P: Protocol> Socket<P, Open> {
    /// Connects, and waits for it: connect(2), also where a signal interrupts it and where the socket does not block.
    ///
    /// For datagrams, this sends nothing: from now on they go to this peer, and come from this peer only.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// let address = one.local_address()?;
    /// let one = one.connect(&other.local_address()?)?;
    /// assert_eq!(other.send_to(b"hello", &address)?, Attempt::Done(()));
    /// assert_eq!(one.recv_message(&mut [0; 10])?.done().unwrap().length, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `ConnectionRefused`: nobody listens there. `TimedOut`: no answer came for minutes, or for the socket's time-out for
    /// sending. `NotFound`: no such path. `HostUnreachable`, `NetworkUnreachable`; and what the system has run out of.
    pub fn connect(self, address: &P::Address) -> Result<Socket<P, Connected>, Error> {
        self.connect_waiting(address, None)
    }

    fn connect_waiting(self, address: &P::Address, limit: Option<Duration>) -> Result<Socket<P, Connected>, Error> {
        let failed = |errno| Error::of("connect to", address, errno);
        let mode = self.mode()?;
        if mode == Mode::NonBlocking {
            self.set_mode(Mode::Blocking)?;
        }
        // A time beyond all clocks is none.
        match limit.and_then(|limit| Instant::now().checked_add(limit)) {
            Some(deadline) => self.connect_until(address, deadline),
            None => self.connect_once(address),
        }
        .map_err(failed)?;
        if P::TYPE == SocketType::STREAM && address.is_loopback() && self.local_address()? == *address {
            // The system chose the very port that it was to connect to, so TCP met itself: nobody listens there.
            return Err(failed(Errno::CONNREFUSED));
        }
        if mode == Mode::NonBlocking {
            self.set_mode(Mode::NonBlocking)?;
        }
        Socket::connected(self.into())
    }

    /// A call that was interrupted is made again: the system goes on meanwhile. A time-out of the socket begins again then,
    /// once.
    fn connect_once(&self, address: &P::Address) -> Result<(), Errno> {
        let mut was_interrupted = false;
        loop {
            return match rustix::net::connect(self, address.raw()) {
                Err(Errno::ISCONN) if was_interrupted => Ok(()),
                Err(Errno::INTR) => {
                    if let Some(deadline) = interrupted::deadline(self, Timeout::Send)? {
                        return self.connect_until(address, deadline);
                    }
                    was_interrupted = true;
                    continue;
                }
                // The socket's time-out is over: of TCP, of TCP after an interruption, and of Unix sockets.
                Err(Errno::INPROGRESS | Errno::ALREADY | Errno::AGAIN) => Err(Errno::TIMEDOUT),
                result => result,
            };
        }
    }

    /// The time-out for sending bounds connect(2), for all protocols. Waiting for readiness would not do: a Unix socket
    /// whose listener has no room cannot be waited for.
    fn connect_until(&self, address: &P::Address, deadline: Instant) -> Result<(), Errno> {
        let before = sockopt::socket_timeout(self, Timeout::Send)?;
        let result = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Err(Errno::TIMEDOUT);
            }
            sockopt::set_socket_timeout(self, Timeout::Send, Some(left))?;
            match rustix::net::connect(self, address.raw()) {
                Ok(()) | Err(Errno::ISCONN) => break Ok(()),
                Err(Errno::INTR | Errno::INPROGRESS | Errno::ALREADY | Errno::AGAIN) => {}
                Err(errno) => break Err(errno),
            }
        };
        sockopt::set_socket_timeout(self, Timeout::Send, before)?;
        result
    }
}

impl<P: Connection> Socket<P, Open> {
    /// Connects as [`Self::connect`] does, but waits no longer than that.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wirenut_linux::socket::{Mode, Socket, UnixAddress, UnixListener, UnixStream};
    /// let name = UnixAddress::abstract_name(format!("full {}", std::process::id()).as_bytes())?;
    /// let socket = Socket::stream()?;
    /// socket.bind(&name)?;
    /// let listener = socket.listen(0)?; // room for one
    /// let first = UnixStream::connect(&name)?;
    /// let error = Socket::stream()?.connect_within(&name, Duration::from_millis(10)).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `TimedOut` after that time, and those of [`Self::connect`].
    pub fn connect_within(self, address: &P::Address, limit: Duration) -> Result<Socket<P, Connected>, Error> {
        self.connect_waiting(address, Some(limit))
    }

    /// Begins to connect, and makes the socket non-blocking.
    ///
    /// ```
    /// use rustix::event::{PollFd, PollFlags, poll};
    /// use wirenut_linux::socket::{Family, Progress, Socket, TcpListener};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// let mut progress = Socket::tcp(Family::V4)?.start_connect(&listener.local_address()?)?;
    /// let stream = loop {
    ///     match progress {
    ///         Progress::Connected(stream) => break stream,
    ///         Progress::Connecting(socket) => {
    ///             poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None)?; // or any other poller
    ///             progress = socket.finish()?;
    ///         }
    ///     }
    /// };
    /// assert_eq!(stream.peer_address()?, listener.local_address()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Self::connect`]; some of them come only from [`Socket::finish`]. `WouldBlock`: the listener of a Unix
    /// socket has no room, which cannot be waited for.
    pub fn start_connect(self, address: &P::Address) -> Result<Progress<P>, Error> {
        self.set_mode(Mode::NonBlocking)?;
        match rustix::net::connect(&self, address.raw()) {
            Ok(()) => Socket::connected(self.into()).map(Progress::Connected),
            Err(Errno::INPROGRESS) => Ok(Progress::Connecting(self.into_state())),
            Err(errno) => Err(Error::of("connect to", address, errno)),
        }
    }
}

impl<P: Connection> Socket<P, Connecting> {
    /// Looks what has become of it, without waiting. It may be called too early, and gives the socket back then.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Progress, Socket, TcpListener};
    /// let address = TcpListener::bind(&"127.0.0.1:0".parse()?)?.local_address()?; // and closed again
    /// let mut progress = Socket::tcp(Family::V4)?.start_connect(&address);
    /// while let Ok(Progress::Connecting(socket)) = progress {
    ///     progress = socket.finish(); // or better: when a poller says so
    /// }
    /// assert_eq!(progress.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Socket::connect`].
    pub fn finish(self) -> Result<Progress<P>, Error> {
        let failed = self.failed("connect");
        sockopt::socket_error(&self).and_then(|outcome| outcome).map_err(&failed)?;
        match rustix::net::getpeername(&self) {
            Ok(_) => Socket::connected(self.into()).map(Progress::Connected),
            Err(Errno::NOTCONN) => Ok(Progress::Connecting(self)),
            Err(errno) => Err(failed(errno)),
        }
    }
}

impl Socket<Tcp, Connected> {
    /// Connects by TCP, and waits for it.
    ///
    /// ```
    /// use wirenut_linux::socket::{TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"[::1]:0".parse()?)?;
    /// let stream = TcpStream::connect(&listener.local_address()?)?;
    /// assert_eq!(stream.peer_address()?, listener.local_address()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Socket::tcp`] and [`Socket::connect`].
    pub fn connect(address: &SocketAddr) -> Result<Self, Error> {
        Socket::tcp(Family::of(address))?.connect(address)
    }
}

impl Socket<Stream, Connected> {
    /// Connects to a listener on this machine, and waits while that has no room.
    ///
    /// ```
    /// use wirenut_linux::socket::{UnixAddress, UnixListener, UnixStream};
    /// let name = UnixAddress::abstract_name(format!("stream {}", std::process::id()).as_bytes())?;
    /// let _listener = UnixListener::bind(&name)?;
    /// assert_eq!(UnixStream::connect(&name)?.peer_address()?, name);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Socket::stream`] and [`Socket::connect`].
    pub fn connect(address: &UnixAddress) -> Result<Self, Error> {
        Socket::stream()?.connect(address)
    }
}

impl Socket<Seqpacket, Connected> {
    /// Connects to a listener on this machine, and waits while that has no room.
    ///
    /// ```
    /// use wirenut_linux::socket::{SeqpacketListener, SeqpacketStream, UnixAddress};
    /// let name = UnixAddress::abstract_name(format!("seqpacket {}", std::process::id()).as_bytes())?;
    /// let _listener = SeqpacketListener::bind(&name)?;
    /// assert_eq!(SeqpacketStream::connect(&name)?.peer_address()?, name);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Socket::seqpacket`] and [`Socket::connect`].
    pub fn connect(address: &UnixAddress) -> Result<Self, Error> {
        Socket::seqpacket()?.connect(address)
    }
}
