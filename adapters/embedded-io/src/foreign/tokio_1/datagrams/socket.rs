//! Datagram sockets, UDP and Unix, by one trait.

use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

use crate::foreign::tokio_1::server::TokioUnixPeer;

/// A datagram socket: that of tokio 1 or of the standard library, UDP or Unix. Nothing else can be one.
pub trait TokioDatagramSocket: sealed::Datagrams {
    /// Who has sent a datagram: an address, or a [`TokioUnixPeer`]. A Unix socket without a name cannot be answered.
    type Peer: Clone + fmt::Debug + fmt::Display;

    #[doc(hidden)]
    fn into_socket(self) -> io::Result<Self::Socket>;

    #[doc(hidden)]
    fn recv_from(socket: &Self::Socket, buffer: &mut [u8]) -> io::Result<(usize, Self::Peer)>;

    #[doc(hidden)]
    fn send_to(socket: &Self::Socket, datagram: &[u8], peer: &Self::Peer) -> io::Result<usize>;
}

pub(super) mod sealed {
    use super::{AsRawFd, fmt};

    pub trait Datagrams: Sized {
        /// It does not block.
        type Socket: AsRawFd + fmt::Debug;
    }
}

impl sealed::Datagrams for UdpSocket {
    type Socket = Self;
}

impl TokioDatagramSocket for UdpSocket {
    type Peer = SocketAddr;

    fn into_socket(self) -> io::Result<Self> {
        self.set_nonblocking(true)?;
        Ok(self)
    }

    fn recv_from(socket: &Self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        socket.recv_from(buffer)
    }

    fn send_to(socket: &Self, datagram: &[u8], peer: &SocketAddr) -> io::Result<usize> {
        socket.send_to(datagram, peer)
    }
}

impl sealed::Datagrams for UnixDatagram {
    type Socket = Self;
}

impl TokioDatagramSocket for UnixDatagram {
    type Peer = TokioUnixPeer;

    fn into_socket(self) -> io::Result<Self> {
        self.set_nonblocking(true)?;
        Ok(self)
    }

    fn recv_from(socket: &Self, buffer: &mut [u8]) -> io::Result<(usize, TokioUnixPeer)> {
        let (count, address) = socket.recv_from(buffer)?;
        Ok((count, address.into()))
    }

    fn send_to(socket: &Self, datagram: &[u8], peer: &TokioUnixPeer) -> io::Result<usize> {
        if peer.address().is_unnamed() {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "the socket of the peer has no name"));
        }
        socket.send_to_addr(datagram, peer.address())
    }
}

/// The sockets of tokio are those of the standard library once they are taken out of it.
macro_rules! of_tokio {
    ($of_tokio:ty, $of_std:ty) => {
        impl sealed::Datagrams for $of_tokio {
            type Socket = $of_std;
        }

        impl TokioDatagramSocket for $of_tokio {
            type Peer = <$of_std as TokioDatagramSocket>::Peer;

            fn into_socket(self) -> io::Result<$of_std> {
                self.into_std()
            }

            fn recv_from(socket: &$of_std, buffer: &mut [u8]) -> io::Result<(usize, Self::Peer)> {
                <$of_std as TokioDatagramSocket>::recv_from(socket, buffer)
            }

            fn send_to(socket: &$of_std, datagram: &[u8], peer: &Self::Peer) -> io::Result<usize> {
                <$of_std as TokioDatagramSocket>::send_to(socket, datagram, peer)
            }
        }
    };
}

of_tokio!(tokio::net::UdpSocket, UdpSocket);
of_tokio!(tokio::net::UnixDatagram, UnixDatagram);
