//! Between whom the connection runs that a proxy passes on.

use core::fmt;
use core::net::SocketAddr;

/// Whom a header names as the ends of the connection.
///
/// ```
/// use wirenut::proxy::{Endpoints, Transport};
/// let endpoints = Endpoints::tcp(([192, 0, 2, 7], 56324).into(), ([192, 0, 2, 1], 443).into());
/// assert!(matches!(endpoints, Endpoints::Ip { transport: Transport::Stream, .. }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoints<'b> {
    /// LOCAL: nobody is passed on. The proxy itself has connected, most often to check that the server lives.
    Local,
    /// UNKNOWN or UNSPEC: somebody is passed on, and the proxy does not say who. The real peer stands for him.
    Unspecified,
    /// Ends with IP addresses, both of one family where the header was read.
    Ip {
        /// What it passes on.
        transport: Transport,
        /// The client.
        source: SocketAddr,
        /// Where the client connected to.
        destination: SocketAddr,
    },
    /// Ends that are Unix sockets of the proxy's host. Version 2 only.
    Unix {
        /// What it passes on.
        transport: Transport,
        /// The client.
        source: UnixAddress<'b>,
        /// Where the client connected to.
        destination: UnixAddress<'b>,
    },
}

impl Endpoints<'_> {
    /// The ends of a TCP connection.
    #[must_use]
    pub const fn tcp(source: SocketAddr, destination: SocketAddr) -> Self {
        Self::Ip { transport: Transport::Stream, source, destination }
    }

    /// The ends of what is passed on as UDP datagrams.
    #[must_use]
    pub const fn udp(source: SocketAddr, destination: SocketAddr) -> Self {
        Self::Ip { transport: Transport::Datagram, source, destination }
    }
}

/// What is passed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Transport {
    /// STREAM: TCP, or a Unix stream socket.
    Stream,
    /// DGRAM: UDP, or a Unix datagram socket. Version 2 only.
    Datagram,
}

/// The address of a Unix socket: 108 bytes, as in `sun_path` (unix(7)).
///
/// ```
/// use wirenut::proxy::UnixAddress;
/// let mut bytes = [0; 108];
/// bytes[..9].copy_from_slice(b"/run/a\0xy");
/// // Behind the path may stand anything.
/// assert_eq!(UnixAddress(&bytes).name(), b"/run/a");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnixAddress<'b>(pub &'b [u8; UnixAddress::LENGTH]);

impl<'b> UnixAddress<'b> {
    /// Bytes of an address.
    pub const LENGTH: usize = 108;

    /// A socket without a name.
    pub const UNNAMED: Self = Self(&[0; Self::LENGTH]);

    /// The path, without what stands behind it; of an abstract address the name, with the NUL before it and without NULs
    /// behind it, which may or may not have been part of it; of a socket without a name, nothing.
    #[must_use]
    pub fn name(&self) -> &'b [u8] {
        let is_abstract = self.0.first() == Some(&0);
        let end = if is_abstract {
            self.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1))
        } else {
            self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::LENGTH)
        };
        self.0.get(..end).unwrap_or_default()
    }
}

impl fmt::Debug for UnixAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnixAddress(b\"{}\")", self.name().escape_ascii())
    }
}
