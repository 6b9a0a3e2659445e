//! From and to the types of the standard library, and descriptors from elsewhere.

use std::net;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix;

use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::net::sockopt;

use super::protocol::{
    AnyDatagram, AnyStream, Connected, Datagram, Listening, Open, Protocol, Settled, State, Stream, Tcp, Udp,
};
use super::typed::Socket;
use crate::error::Error;

/// Takes a descriptor, after it was checked that it is what it is taken for, and closes it on exec(2) from now on.
///
/// ```
/// use std::os::fd::OwnedFd;
/// use wirenut_linux::socket::{Socket, TcpListener, UdpSocket};
/// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
/// let listener = TcpListener::try_from(OwnedFd::from(listener))?;
/// let error = UdpSocket::try_from(OwnedFd::from(listener)).unwrap_err();
/// assert!(error.to_string().ends_with("Protocol wrong type for socket (os error 91)"), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// No socket, or of another type, family or state (`InvalidInput`: listening, or not; `NotConnected`; connected). It
/// is closed then.
impl<P: Protocol, S: Settled> TryFrom<OwnedFd> for Socket<P, S> {
    type Error = Error;

    fn try_from(descriptor: OwnedFd) -> Result<Self, Error> {
        let prepare = || {
            check::<P, S>(&descriptor)?;
            fcntl_setfd(&descriptor, fcntl_getfd(&descriptor)? | FdFlags::CLOEXEC)?;
            P::prepare(descriptor.as_fd())
        };
        prepare().map_err(|errno| Error::on("take over", &descriptor, errno))?;
        Ok(Self::new(descriptor))
    }
}

/// Whether it is what it is taken for.
pub(super) fn check<P: Protocol, S: Settled>(descriptor: &OwnedFd) -> rustix::io::Result<()> {
    if sockopt::socket_type(descriptor)? != P::TYPE {
        return Err(Errno::PROTOTYPE);
    }
    if !P::FAMILIES.contains(&sockopt::socket_domain(descriptor)?) {
        return Err(Errno::AFNOSUPPORT);
    }
    S::check(descriptor.as_fd())
}

/// The types of the standard library that say as much as ours.
macro_rules! same {
    ($($theirs:ty => $protocol:ty, $state:ty;)+) => {$(
        impl From<Socket<$protocol, $state>> for $theirs {
            fn from(socket: Socket<$protocol, $state>) -> Self {
                socket.descriptor.into()
            }
        }

        impl From<$theirs> for Socket<$protocol, $state> {
            fn from(socket: $theirs) -> Self {
                Self::new(socket.into())
            }
        }
    )+};
}

same! {
    net::TcpListener => Tcp, Listening;
    net::TcpStream => Tcp, Connected;
    unix::net::UnixListener => Stream, Listening;
    unix::net::UnixStream => Stream, Connected;
}

/// Its family is forgotten.
macro_rules! any {
    ($($protocol:ty => $any:ty;)+) => {$(
        impl<S: State> From<Socket<$protocol, S>> for Socket<$any, S> {
            fn from(socket: Socket<$protocol, S>) -> Self {
                Self::new(socket.descriptor)
            }
        }
    )+};
}

any! {
    Tcp => AnyStream;
    Stream => AnyStream;
    Udp => AnyDatagram;
    Datagram => AnyDatagram;
}

/// Their type for datagrams does not say whether it is connected.
macro_rules! either {
    ($($theirs:ty => $protocol:ty;)+) => {$(
        impl From<Socket<$protocol, Open>> for $theirs {
            fn from(socket: Socket<$protocol, Open>) -> Self {
                socket.descriptor.into()
            }
        }

        impl From<Socket<$protocol, Connected>> for $theirs {
            fn from(socket: Socket<$protocol, Connected>) -> Self {
                socket.descriptor.into()
            }
        }

        /// # Errors
        /// It is in the other state, open or connected. It is closed then.
        impl<S: Settled> TryFrom<$theirs> for Socket<$protocol, S> {
            type Error = Error;

            fn try_from(socket: $theirs) -> Result<Self, Error> {
                OwnedFd::from(socket).try_into()
            }
        }
    )+};
}

either! {
    net::UdpSocket => Udp;
    unix::net::UnixDatagram => Datagram;
}
