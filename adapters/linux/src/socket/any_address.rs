//! The address of a socket of which the family does not matter.

use core::fmt;
use core::net::SocketAddr;

use rustix::io::Result;
use rustix::net::SocketAddrAny;

use super::address::sealed::Address as _;
use super::address::{Address, UnixAddress, sealed};

/// An address of an Internet or a Unix socket: what [`AnyStream`](super::AnyStream) has.
///
/// It is shown as its own family shows it.
///
/// ```
/// use wirenut_linux::socket::{AnyAddress, UnixAddress};
/// let address = AnyAddress::from("127.0.0.1:80".parse::<std::net::SocketAddr>()?);
/// assert_eq!((address.internet(), address.unix()), ("127.0.0.1:80".parse().ok(), None));
/// let address = AnyAddress::from(UnixAddress::unnamed());
/// assert_eq!((address.internet(), address.unix()), (None, Some(UnixAddress::unnamed())));
/// assert_eq!(address.to_string(), "(unnamed)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AnyAddress(SocketAddrAny);

impl AnyAddress {
    /// The address and port, if it is of the Internet.
    #[must_use]
    pub fn internet(&self) -> Option<SocketAddr> {
        SocketAddr::from_any(self.0.clone()).ok()
    }

    /// The path or name, if it is of this machine.
    #[must_use]
    pub fn unix(&self) -> Option<UnixAddress> {
        UnixAddress::from_any(self.0.clone()).ok()
    }
}

impl Address for AnyAddress {}

impl sealed::Address for AnyAddress {
    type Raw = SocketAddrAny;

    fn raw(&self) -> &SocketAddrAny {
        &self.0
    }

    fn from_any(address: SocketAddrAny) -> Result<Self> {
        Ok(Self(address))
    }

    /// Only Unix sockets have peers without an address.
    fn nobody() -> Result<Self> {
        Ok(UnixAddress::unnamed().into())
    }

    fn is_loopback(&self) -> bool {
        self.internet().is_some_and(|address| address.is_loopback())
    }
}

impl From<SocketAddr> for AnyAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.into())
    }
}

impl From<UnixAddress> for AnyAddress {
    fn from(address: UnixAddress) -> Self {
        Self(address.raw().clone().into())
    }
}

impl fmt::Display for AnyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.internet(), self.unix()) {
            (Some(address), _) => address.fmt(f),
            (None, Some(address)) => address.fmt(f),
            (None, None) => f.write_str("(unknown)"),
        }
    }
}

impl fmt::Debug for AnyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyAddress({self})")
    }
}
