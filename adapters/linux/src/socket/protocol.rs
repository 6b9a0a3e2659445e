//! What a socket speaks, and what state it is in: types without values, for the compiler.

use core::net::SocketAddr;
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, SocketType, getpeername, sockopt};

use super::address::{Address, UnixAddress};
use super::any_address::AnyAddress;
use crate::sys::socket;

pub(super) mod sealed {
    use super::{AddressFamily, BorrowedFd, Result, SocketType};

    pub trait Protocol {
        const NAME: &str;
        const TYPE: SocketType;
        const FAMILIES: &[AddressFamily];

        /// What is to be done once a socket is connected.
        fn prepare(_: BorrowedFd<'_>) -> Result<()> {
            Ok(())
        }
    }

    pub trait State {
        const NAME: &str;
    }

    pub trait Settled: State {
        /// Fails if the descriptor is in another state.
        fn check(descriptor: BorrowedFd<'_>) -> Result<()>;
    }
}

/// What a socket speaks. This trait and those below are implemented here only.
pub trait Protocol: sealed::Protocol {
    /// How its peers are addressed.
    type Address: Address;
}

/// Over IPv4 and IPv6: [`Tcp`], [`Udp`].
pub trait Internet: Protocol<Address = SocketAddr> {}
/// On this machine (unix(7)): [`Stream`], [`Datagram`], [`Seqpacket`].
pub trait Local: Protocol<Address = UnixAddress> {}
/// Connections that are listened for: [`Tcp`], [`Stream`], [`Seqpacket`], [`AnyStream`].
pub trait Connection: Protocol {}
/// Bytes without bounds between them: [`Tcp`], [`Stream`], [`AnyStream`].
pub trait ByteStream: Connection {}
/// Messages, each of which comes by itself: [`Udp`], [`Datagram`], [`Seqpacket`], [`AnyDatagram`].
pub trait Messages: Protocol {}
/// Messages to and from anybody: [`Udp`], [`Datagram`], [`AnyDatagram`].
pub trait Datagrams: Messages {}

/// TCP: tcp(7).
#[derive(Clone, Copy, Debug)]
pub enum Tcp {}
/// UDP: udp(7).
#[derive(Clone, Copy, Debug)]
pub enum Udp {}
/// Byte streams on this machine (SOCK_STREAM): unix(7).
#[derive(Clone, Copy, Debug)]
pub enum Stream {}
/// Datagrams on this machine (SOCK_DGRAM), which keep their order and are not lost: unix(7).
#[derive(Clone, Copy, Debug)]
pub enum Datagram {}
/// Connections of messages on this machine (SOCK_SEQPACKET): unix(7).
#[derive(Clone, Copy, Debug)]
pub enum Seqpacket {}

/// Byte streams where it does not matter whether they are [`Tcp`] or [`Stream`]. Every socket of these two converts into
/// one.
///
/// ```
/// use wirenut_linux::socket::{AnyListener, TcpListener, UnixAddress, UnixListener};
/// let name = UnixAddress::abstract_name(format!("any {}", std::process::id()).as_bytes())?;
/// let listeners: [AnyListener; 2] =
///     [TcpListener::bind(&"127.0.0.1:0".parse()?)?.into(), UnixListener::bind(&name)?.into()];
/// assert!(listeners[0].local_address()?.internet().is_some());
/// assert_eq!(listeners[1].local_address()?.to_string(), name.to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum AnyStream {}
/// Datagrams where it does not matter whether they are [`Udp`] or [`Datagram`]. Every socket of these two converts into one.
///
/// ```
/// use wirenut_linux::socket::{AnyDatagramSocket, Attempt, UdpSocket};
/// let [one, other]: [AnyDatagramSocket; 2] =
///     [UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?.into(), UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?.into()];
/// assert_eq!(one.send_to(b"hello", &other.local_address()?)?, Attempt::Done(()));
/// let (message, from) = other.recv_from(&mut [0; 10])?.done().unwrap();
/// assert_eq!((message.length, from), (5, one.local_address()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum AnyDatagram {}

const INTERNET: &[AddressFamily] = &[AddressFamily::INET, AddressFamily::INET6];
const LOCAL: &[AddressFamily] = &[AddressFamily::UNIX];
const ANY: &[AddressFamily] = &[AddressFamily::INET, AddressFamily::INET6, AddressFamily::UNIX];

impl sealed::Protocol for Tcp {
    const NAME: &str = "TCP";
    const TYPE: SocketType = SocketType::STREAM;
    const FAMILIES: &[AddressFamily] = INTERNET;
}

impl sealed::Protocol for Udp {
    const NAME: &str = "UDP";
    const TYPE: SocketType = SocketType::DGRAM;
    const FAMILIES: &[AddressFamily] = INTERNET;
}

impl sealed::Protocol for Stream {
    const NAME: &str = "Unix stream";
    const TYPE: SocketType = SocketType::STREAM;
    const FAMILIES: &[AddressFamily] = LOCAL;
}

impl sealed::Protocol for Datagram {
    const NAME: &str = "Unix datagram";
    const TYPE: SocketType = SocketType::DGRAM;
    const FAMILIES: &[AddressFamily] = LOCAL;
}

impl sealed::Protocol for Seqpacket {
    const NAME: &str = "Unix seqpacket";
    const TYPE: SocketType = SocketType::SEQPACKET;
    const FAMILIES: &[AddressFamily] = LOCAL;

    /// A message of no bytes and the end look the same to recv(2). But a message has a time, and the end has none.
    fn prepare(descriptor: BorrowedFd<'_>) -> Result<()> {
        socket::set_timestamps(descriptor)
    }
}

impl sealed::Protocol for AnyStream {
    const NAME: &str = "byte stream";
    const TYPE: SocketType = SocketType::STREAM;
    const FAMILIES: &[AddressFamily] = ANY;
}

impl sealed::Protocol for AnyDatagram {
    const NAME: &str = "datagram";
    const TYPE: SocketType = SocketType::DGRAM;
    const FAMILIES: &[AddressFamily] = ANY;
}

impl Protocol for Tcp {
    type Address = SocketAddr;
}
impl Protocol for Udp {
    type Address = SocketAddr;
}
impl Protocol for Stream {
    type Address = UnixAddress;
}
impl Protocol for Datagram {
    type Address = UnixAddress;
}
impl Protocol for Seqpacket {
    type Address = UnixAddress;
}
impl Protocol for AnyStream {
    type Address = AnyAddress;
}
impl Protocol for AnyDatagram {
    type Address = AnyAddress;
}
impl Internet for Tcp {}
impl Internet for Udp {}
impl Local for Stream {}
impl Local for Datagram {}
impl Local for Seqpacket {}
impl Connection for Tcp {}
impl Connection for Stream {}
impl Connection for Seqpacket {}
impl Connection for AnyStream {}
impl ByteStream for Tcp {}
impl ByteStream for Stream {}
impl ByteStream for AnyStream {}
impl Messages for Udp {}
impl Messages for Datagram {}
impl Messages for Seqpacket {}
impl Messages for AnyDatagram {}
impl Datagrams for Udp {}
impl Datagrams for Datagram {}
impl Datagrams for AnyDatagram {}

/// What state a socket is in.
pub trait State: sealed::State {}
/// The states that a descriptor from elsewhere may be in: all but [`Connecting`].
pub trait Settled: State + sealed::Settled {}

/// Neither connected nor listening; bound or not.
#[derive(Clone, Copy, Debug)]
pub enum Open {}
/// On its way to a connection.
#[derive(Clone, Copy, Debug)]
pub enum Connecting {}
/// Waiting for connections.
#[derive(Clone, Copy, Debug)]
pub enum Listening {}
/// With a peer. A connection that has ended is still in this state: its calls say so.
#[derive(Clone, Copy, Debug)]
pub enum Connected {}

impl sealed::State for Open {
    const NAME: &str = "open";
}
impl sealed::State for Connecting {
    const NAME: &str = "connecting";
}
impl sealed::State for Listening {
    const NAME: &str = "listening";
}
impl sealed::State for Connected {
    const NAME: &str = "connected";
}
impl State for Open {}
impl State for Connecting {}
impl State for Listening {}
impl State for Connected {}
impl Settled for Open {}
impl Settled for Listening {}
impl Settled for Connected {}

impl sealed::Settled for Open {
    fn check(descriptor: BorrowedFd<'_>) -> Result<()> {
        if sockopt::socket_acceptconn(descriptor)? {
            return Err(Errno::INVAL);
        }
        match getpeername(descriptor) {
            Ok(_) => Err(Errno::ISCONN),
            Err(Errno::NOTCONN) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

impl sealed::Settled for Listening {
    fn check(descriptor: BorrowedFd<'_>) -> Result<()> {
        if sockopt::socket_acceptconn(descriptor)? { Ok(()) } else { Err(Errno::INVAL) }
    }
}

impl sealed::Settled for Connected {
    fn check(descriptor: BorrowedFd<'_>) -> Result<()> {
        getpeername(descriptor).map(|_| ())
    }
}
