//! Listening sockets, TCP and Unix, by one trait.

use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{self as unix, UnixListener};

use tokio::net::unix::UCred;
use tokio::net::{TcpStream, UnixStream};

use crate::foreign::tokio_1::socket::TokioSocket;

/// A listening socket: that of tokio 1 or of the standard library, TCP or Unix. Nothing else can be one.
pub trait TokioAccept: sealed::Accept {
    /// What it accepts.
    type Stream: TokioSocket;
    /// Who has connected: an address, or a [`TokioUnixPeer`].
    type Peer: Clone + fmt::Debug + fmt::Display;

    #[doc(hidden)]
    fn into_listening(self) -> io::Result<Self::Listening>;

    #[doc(hidden)]
    fn accept(listening: &Self::Listening) -> io::Result<(Self::Stream, Self::Peer)>;

    #[doc(hidden)]
    fn try_clone(listening: &Self::Listening) -> io::Result<Self::Listening>;

    /// What services are told.
    #[doc(hidden)]
    fn address(peer: &Self::Peer) -> Option<SocketAddr>;
}

pub(super) mod sealed {
    use super::{AsFd, AsRawFd, fmt};

    pub trait Accept: Sized {
        /// It does not block.
        type Listening: AsFd + AsRawFd + Send + fmt::Debug;
    }
}

impl sealed::Accept for TcpListener {
    type Listening = Self;
}

impl TokioAccept for TcpListener {
    type Stream = TcpStream;
    type Peer = SocketAddr;

    fn into_listening(self) -> io::Result<Self> {
        self.set_nonblocking(true)?;
        Ok(self)
    }

    fn accept(listening: &Self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = listening.accept()?;
        stream.set_nonblocking(true)?;
        Ok((TcpStream::from_std(stream)?, peer))
    }

    fn try_clone(listening: &Self) -> io::Result<Self> {
        listening.try_clone()
    }

    fn address(peer: &SocketAddr) -> Option<SocketAddr> {
        Some(*peer)
    }
}

impl sealed::Accept for UnixListener {
    type Listening = Self;
}

impl TokioAccept for UnixListener {
    type Stream = UnixStream;
    type Peer = TokioUnixPeer;

    fn into_listening(self) -> io::Result<Self> {
        self.set_nonblocking(true)?;
        Ok(self)
    }

    fn accept(listening: &Self) -> io::Result<(UnixStream, TokioUnixPeer)> {
        let (stream, address) = listening.accept()?;
        stream.set_nonblocking(true)?;
        let stream = UnixStream::from_std(stream)?;
        let credentials = stream.peer_cred().ok();
        Ok((stream, TokioUnixPeer { address, credentials }))
    }

    fn try_clone(listening: &Self) -> io::Result<Self> {
        listening.try_clone()
    }

    fn address(_: &TokioUnixPeer) -> Option<SocketAddr> {
        None
    }
}

/// The listeners of tokio are those of the standard library once they are taken out of it: see `Incoming`.
macro_rules! of_tokio {
    ($of_tokio:ty, $of_std:ty) => {
        impl sealed::Accept for $of_tokio {
            type Listening = $of_std;
        }

        impl TokioAccept for $of_tokio {
            type Stream = <$of_std as TokioAccept>::Stream;
            type Peer = <$of_std as TokioAccept>::Peer;

            fn into_listening(self) -> io::Result<$of_std> {
                self.into_std()
            }

            fn accept(listening: &$of_std) -> io::Result<(Self::Stream, Self::Peer)> {
                <$of_std as TokioAccept>::accept(listening)
            }

            fn try_clone(listening: &$of_std) -> io::Result<$of_std> {
                listening.try_clone()
            }

            fn address(peer: &Self::Peer) -> Option<SocketAddr> {
                <$of_std as TokioAccept>::address(peer)
            }
        }
    };
}

of_tokio!(tokio::net::TcpListener, TcpListener);
of_tokio!(tokio::net::UnixListener, UnixListener);

/// Who is at the other end of a Unix socket.
///
/// ```
/// use std::os::unix::net::SocketAddr;
/// use wirenut_embedded_io::TokioUnixPeer;
///
/// let peer = TokioUnixPeer::from(SocketAddr::from_pathname("/run/client")?);
/// assert_eq!((peer.to_string(), peer.credentials()), (r#""/run/client" (pathname)"#.to_owned(), None));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokioUnixPeer {
    address: unix::SocketAddr,
    credentials: Option<UCred>,
}

impl TokioUnixPeer {
    /// Its name: clients of stream sockets have mostly none.
    #[must_use]
    pub const fn address(&self) -> &unix::SocketAddr {
        &self.address
    }

    /// As whom its process connected (unix(7), `SO_PEERCRED`). `None`: it has sent a datagram, or the system cannot tell.
    #[must_use]
    pub const fn credentials(&self) -> Option<UCred> {
        self.credentials
    }
}

impl From<unix::SocketAddr> for TokioUnixPeer {
    fn from(address: unix::SocketAddr) -> Self {
        Self { address, credentials: None }
    }
}

/// The name, escaped; and the process and its user, where they are known.
impl fmt::Display for TokioUnixPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.address)?;
        let Some(credentials) = self.credentials else { return Ok(()) };
        if let Some(pid) = credentials.pid() {
            write!(f, " pid {pid}")?;
        }
        write!(f, " uid {}", credentials.uid())
    }
}
