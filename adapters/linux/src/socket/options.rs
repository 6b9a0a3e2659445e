//! What can be told to any socket, and asked of it: socket(7).

use core::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::AddressFamily;
use rustix::net::sockopt::{self, Timeout};

use super::address::Family;
use super::protocol::{Internet, Listening, Open, Protocol, State};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::socket;

/// Whether the calls of a socket wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// They wait, unless a time-out is over.
    Blocking,
    /// They say that they would have to wait.
    NonBlocking,
}

impl<P: Protocol, S: State> Socket<P, S> {
    /// Whether calls wait: O_NONBLOCK. It belongs to the open file description, so to all duplicates of the descriptor,
    /// in other processes, too.
    ///
    /// ```
    /// use wirenut_linux::socket::{Mode, Socket};
    /// let socket = Socket::stream()?;
    /// assert_eq!(socket.mode()?, Mode::Blocking);
    /// socket.set_mode(Mode::NonBlocking)?;
    /// assert_eq!(socket.mode()?, Mode::NonBlocking);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_mode(&self, mode: Mode) -> Result<(), Error> {
        ioctl_fionbio(self, mode == Mode::NonBlocking).map_err(self.failed("set the mode of"))
    }

    /// Whether calls wait.
    ///
    /// # Errors
    /// None that are known.
    pub fn mode(&self) -> Result<Mode, Error> {
        let flags = fcntl_getfl(self).map_err(self.failed("tell the mode of"))?;
        Ok(if flags.contains(OFlags::NONBLOCK) { Mode::NonBlocking } else { Mode::Blocking })
    }

    /// For how long receiving and accepting wait on a blocking socket (SO_RCVTIMEO); `None`: for ever. Where signals
    /// interrupt the call, the time begins again once, however many they are.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wirenut_linux::socket::{Received, UnixStream};
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_recv_timeout(Some(Duration::from_millis(10)))?;
    /// assert_eq!(one.recv(&mut [0])?, Received::WouldBlock);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: the time is zero, which the system would take for ever.
    pub fn set_recv_timeout(&self, limit: Option<Duration>) -> Result<(), Error> {
        sockopt::set_socket_timeout(self, Timeout::Recv, limit).map_err(self.failed("set the time-out of"))
    }

    /// The time-out for receiving.
    ///
    /// # Errors
    /// None that are known.
    pub fn recv_timeout(&self) -> Result<Option<Duration>, Error> {
        sockopt::socket_timeout(self, Timeout::Recv).map_err(self.failed("tell the time-out of"))
    }

    /// For how long sending and connecting wait on a blocking socket (SO_SNDTIMEO), as [`Self::set_recv_timeout`].
    ///
    /// ```
    /// use core::time::Duration;
    /// use wirenut_linux::socket::{Attempt, UnixStream};
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_send_timeout(Some(Duration::from_millis(10)))?;
    /// while one.send(&[0; 100_000])? != Attempt::WouldBlock {} // nobody receives
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: the time is zero.
    pub fn set_send_timeout(&self, limit: Option<Duration>) -> Result<(), Error> {
        sockopt::set_socket_timeout(self, Timeout::Send, limit).map_err(self.failed("set the time-out of"))
    }

    /// The time-out for sending.
    ///
    /// # Errors
    /// None that are known.
    pub fn send_timeout(&self) -> Result<Option<Duration>, Error> {
        sockopt::socket_timeout(self, Timeout::Send).map_err(self.failed("tell the time-out of"))
    }

    /// How many bytes may wait to be received (SO_RCVBUF). The system doubles it, for its own needs, and bounds it by
    /// `net.core.rmem_max`. TCP then no longer adapts it, and for its window it must be set before connecting or listening.
    ///
    /// ```
    /// use wirenut_linux::socket::Socket;
    /// let socket = Socket::datagram()?;
    /// socket.set_recv_buffer_size(10_000)?;
    /// assert_eq!(socket.recv_buffer_size()?, 20_000);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_recv_buffer_size(&self, bytes: usize) -> Result<(), Error> {
        sockopt::set_socket_recv_buffer_size(self, bytes).map_err(self.failed("set the buffer for receiving of"))
    }

    /// What the system made of it: twice as much as was asked for.
    ///
    /// # Errors
    /// None that are known.
    pub fn recv_buffer_size(&self) -> Result<usize, Error> {
        sockopt::socket_recv_buffer_size(self).map_err(self.failed("tell the buffer for receiving of"))
    }

    /// How many bytes may wait to be sent (SO_SNDBUF), doubled and bounded (`net.core.wmem_max`) alike.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Mode, UnixStream};
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_send_buffer_size(10_000)?;
    /// assert_eq!(one.send_buffer_size()?, 20_000);
    /// one.set_mode(Mode::NonBlocking)?;
    /// let Attempt::Done(sent) = one.send(&[0; 100_000])? else { unreachable!() };
    /// assert!(sent < 20_000);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_send_buffer_size(&self, bytes: usize) -> Result<(), Error> {
        sockopt::set_socket_send_buffer_size(self, bytes).map_err(self.failed("set the buffer for sending of"))
    }

    /// What the system made of it: twice as much as was asked for.
    ///
    /// # Errors
    /// None that are known.
    pub fn send_buffer_size(&self) -> Result<usize, Error> {
        sockopt::socket_send_buffer_size(self).map_err(self.failed("tell the buffer for sending of"))
    }

    /// The error that came while no call was under way, if one did (SO_ERROR). It is told once.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let (one, nobody) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// let one = one.connect(&nobody.local_address()?)?;
    /// drop(nobody);
    /// assert_eq!(one.send_message(b"anybody?")?, Attempt::Done(()));
    /// assert_eq!(one.take_error()?.unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
    /// assert!(one.take_error()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn take_error(&self) -> Result<Option<Error>, Error> {
        let failed = self.failed("tell the error of");
        Ok(sockopt::socket_error(self).map_err(failed)?.err().map(self.failed("go on with")))
    }
}

impl<P: Internet> Socket<P, Open> {
    /// Lets the address be bound to although it was in use a moment ago (SO_REUSEADDR), to be set before binding.
    ///
    /// For TCP, that is what a server wants which starts again: two cannot listen at the same time. For UDP it lets two
    /// sockets have the same address, of which one gets the datagrams: only for multicast.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let address = "127.0.0.1:0".parse()?;
    /// let first = Socket::udp(Family::V4)?;
    /// let second = Socket::udp(Family::V4)?;
    /// first.set_reuse_address(true)?;
    /// second.set_reuse_address(true)?;
    /// first.bind(&address)?;
    /// second.bind(&first.local_address()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_reuse_address(&self, is_on: bool) -> Result<(), Error> {
        sockopt::set_socket_reuseaddr(self, is_on).map_err(self.failed("set the reuse of addresses of"))
    }

    /// Shares the address with other sockets of the same user that ask for it, too (SO_REUSEPORT), to be set before
    /// binding. Connections and datagrams are spread over them.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let first = Socket::tcp(Family::V4)?;
    /// first.set_reuse_port(true)?;
    /// first.bind(&"127.0.0.1:0".parse()?)?;
    /// let second = Socket::tcp(Family::V4)?;
    /// second.set_reuse_port(true)?;
    /// second.bind(&first.local_address()?)?;
    /// let (_first, _second) = (first.listen(1)?, second.listen(1)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_reuse_port(&self, is_on: bool) -> Result<(), Error> {
        sockopt::set_socket_reuseport(self, is_on).map_err(self.failed("set the sharing of addresses of"))
    }
}

impl<P: Internet, S: State> Socket<P, S> {
    /// What it speaks (SO_DOMAIN, IPV6_V6ONLY).
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// for family in [Family::V4, Family::V6, Family::DualStack] {
    ///     assert_eq!(Socket::udp(family)?.family()?, family);
    /// }
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn family(&self) -> Result<Family, Error> {
        let ask = || {
            Ok(match sockopt::socket_domain(self)? {
                AddressFamily::INET => Family::V4,
                _ if sockopt::ipv6_v6only(self)? => Family::V6,
                _ => Family::DualStack,
            })
        };
        ask().map_err(self.failed("tell the family of"))
    }

    /// Over how many routers what is sent may go (IP_TTL, IPV6_UNICAST_HOPS): 1 to 255.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// Socket::udp(Family::V6)?.set_hops(1)?;
    /// let error = Socket::udp(Family::V4)?.set_hops(0).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: zero.
    pub fn set_hops(&self, hops: u8) -> Result<(), Error> {
        let set = || match (hops, self.family_number()?) {
            (0, _) => Err(Errno::INVAL),
            (_, AddressFamily::INET) => sockopt::set_ip_ttl(self, hops.into()),
            _ => sockopt::set_ipv6_unicast_hops(self, Some(hops)),
        };
        set().map_err(self.failed("set the hops of"))
    }

    pub(super) fn family_number(&self) -> Result<AddressFamily, Errno> {
        sockopt::socket_domain(self)
    }
}

impl<P: Protocol> Socket<P, Listening> {
    /// Changes how many connections may wait to be accepted: listen(2) once more.
    ///
    /// ```
    /// wirenut_linux::socket::TcpListener::bind(&"127.0.0.1:0".parse()?)?.set_backlog(10)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_backlog(&self, backlog: u32) -> Result<(), Error> {
        socket::listen(self, backlog).map_err(self.failed("listen on"))
    }
}
