//! Where a socket is, and where its peer is.

use core::fmt;
use core::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;
use std::path::Path;

use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix};

use crate::error::Error;
use crate::sys::address::bytes_of;

pub(super) mod sealed {
    use super::{Result, SocketAddrAny};
    use rustix::net::addr::SocketAddrArg;

    pub trait Address: Sized {
        /// As the system takes it.
        type Raw: SocketAddrArg;
        fn raw(&self) -> &Self::Raw;
        fn from_any(address: SocketAddrAny) -> Result<Self>;
        /// What stands for the address of somebody who has none.
        fn nobody() -> Result<Self>;
        /// The address is one that a connection can be made with by accident: see `connect`.
        fn is_loopback(&self) -> bool;
    }
}

/// An address of a socket: [`SocketAddr`], [`UnixAddress`], or [`AnyAddress`](super::AnyAddress). Implemented here only.
///
/// ```
/// use wirenut_linux::Error;
/// use wirenut_linux::socket::{Address, Protocol, Socket, State, UnixStream};
/// fn place<P: Protocol, S: State>(socket: &Socket<P, S>) -> Result<String, Error> {
///     let address: P::Address = socket.local_address()?;
///     Ok(address.to_string())
/// }
/// assert_eq!(place(&UnixStream::pair()?.0)?, "(unnamed)");
/// # Ok::<(), Error>(())
/// ```
pub trait Address: sealed::Address + Clone + PartialEq + fmt::Debug + fmt::Display {}

impl Address for SocketAddr {}

impl sealed::Address for SocketAddr {
    type Raw = Self;

    fn raw(&self) -> &Self {
        self
    }

    fn from_any(address: SocketAddrAny) -> Result<Self> {
        match address.address_family() {
            AddressFamily::INET => SocketAddrV4::try_from(address).map(Self::V4),
            AddressFamily::INET6 => SocketAddrV6::try_from(address).map(Self::V6),
            _ => Err(Errno::AFNOSUPPORT),
        }
    }

    fn nobody() -> Result<Self> {
        Err(Errno::DESTADDRREQ)
    }

    fn is_loopback(&self) -> bool {
        self.ip().to_canonical().is_loopback()
    }
}

/// What an Internet socket speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// IPv4: ip(7).
    V4,
    /// IPv6 only: ipv6(7).
    V6,
    /// Both, through an IPv6 socket: IPv4 peers have addresses such as `::ffff:192.0.2.1`, of which
    /// [`IpAddr::to_canonical`](core::net::IpAddr::to_canonical) makes IPv4 again. Its own addresses must be IPv6, such as `[::]:80`.
    DualStack,
}

impl Family {
    /// The family that an address is of. Never [`Self::DualStack`], also for `[::]`: that is asked for.
    ///
    /// ```
    /// use wirenut_linux::socket::Family;
    /// assert_eq!(Family::of(&"192.0.2.1:80".parse()?), Family::V4);
    /// assert_eq!(Family::of(&"[::]:80".parse()?), Family::V6);
    /// # Ok::<(), core::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub const fn of(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }
}

/// The address of a Unix socket: a pathname, a name outside of the file system, or none. See unix(7).
///
/// It is shown as in `/proc/net/unix`: the path, or `@` and the abstract name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnixAddress(SocketAddrUnix);

impl UnixAddress {
    /// A path in the file system, of 1 to 107 bytes without a zero byte. Nothing is created here.
    ///
    /// ```
    /// use wirenut_linux::socket::UnixAddress;
    /// let address = UnixAddress::pathname("/run/wirenut.sock")?;
    /// assert_eq!(address.as_pathname(), Some("/run/wirenut.sock".as_ref()));
    /// let error = UnixAddress::pathname("x".repeat(108)).unwrap_err();
    /// assert!(error.to_string().ends_with("File name too long (os error 36)"), "{error}");
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// The path is too long, empty, or has a zero byte in it.
    pub fn pathname(path: impl AsRef<Path>) -> core::result::Result<Self, Error> {
        let path = path.as_ref();
        let failed = |errno| Error::of("make an address of", &path.display(), errno);
        match path.as_os_str().len() {
            0 => Err(failed(Errno::NOENT)),
            1..=107 => SocketAddrUnix::new(path).map(Self).map_err(failed),
            _ => Err(failed(Errno::NAMETOOLONG)),
        }
    }

    /// A name of 1 to 107 bytes, of any value, in a namespace of its own, where it vanishes with its socket. Whoever is
    /// in the same network namespace can connect to it: there are no permissions.
    ///
    /// ```
    /// use wirenut_linux::socket::UnixAddress;
    /// let address = UnixAddress::abstract_name(b"wirenut")?;
    /// assert_eq!(address.to_string(), "@wirenut");
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// The name is too long, or empty.
    pub fn abstract_name(name: &[u8]) -> core::result::Result<Self, Error> {
        let failed = |errno| Error::of("make an abstract address of", &name.escape_ascii(), errno);
        if name.is_empty() {
            return Err(failed(Errno::INVAL));
        }
        SocketAddrUnix::new_abstract_name(name).map(Self).map_err(failed)
    }

    /// The address of a socket that was never bound.
    ///
    /// ```
    /// use wirenut_linux::socket::{Socket, UnixAddress};
    /// assert_eq!(Socket::stream()?.local_address()?, UnixAddress::unnamed());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    #[must_use]
    pub fn unnamed() -> Self {
        Self(SocketAddrUnix::new_unnamed())
    }

    /// The path, if it is one.
    #[must_use]
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.path_bytes().map(|bytes| Path::new(OsStr::from_bytes(bytes)))
    }

    /// The name, if it is an abstract one.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.0.abstract_name()
    }

    /// True if it is neither.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }
}

impl Address for UnixAddress {}

impl sealed::Address for UnixAddress {
    type Raw = SocketAddrUnix;

    fn raw(&self) -> &SocketAddrUnix {
        &self.0
    }

    fn from_any(address: SocketAddrAny) -> Result<Self> {
        if address.address_family() != AddressFamily::UNIX {
            return Err(Errno::AFNOSUPPORT);
        }
        // rustix's own reading panics at a path of 108 bytes, which a peer may have.
        match &bytes_of(&address)[size_of::<u16>()..] {
            [] => Ok(Self::unnamed()),
            [0, name @ ..] => SocketAddrUnix::new_abstract_name(name).map(Self),
            path => {
                let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
                SocketAddrUnix::new(&path[..end]).map(Self)
            }
        }
    }

    fn nobody() -> Result<Self> {
        Ok(Self::unnamed())
    }

    fn is_loopback(&self) -> bool {
        false
    }
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_pathname(), self.as_abstract_name()) {
            (Some(path), _) => path.display().fmt(f),
            (None, Some(name)) => write!(f, "@{}", name.escape_ascii()),
            (None, None) => f.write_str("(unnamed)"),
        }
    }
}

impl fmt::Debug for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnixAddress({self})")
    }
}

/// An address of the standard library is a valid one, but for a path of 108 bytes.
///
/// ```
/// use std::os::unix::net;
/// use wirenut_linux::socket::UnixAddress;
/// let theirs = net::SocketAddr::from_pathname("/run/wirenut.sock")?;
/// let ours = UnixAddress::try_from(&theirs)?;
/// assert_eq!(ours, UnixAddress::pathname("/run/wirenut.sock")?);
/// assert_eq!(net::SocketAddr::try_from(&ours)?.as_pathname(), theirs.as_pathname());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl TryFrom<&net::SocketAddr> for UnixAddress {
    type Error = Error;

    fn try_from(address: &net::SocketAddr) -> core::result::Result<Self, Error> {
        match (address.as_pathname(), address.as_abstract_name()) {
            (Some(path), _) => Self::pathname(path),
            (None, Some(name)) => Self::abstract_name(name),
            (None, None) => Ok(Self::unnamed()),
        }
    }
}

/// The same the other way.
impl TryFrom<&UnixAddress> for net::SocketAddr {
    type Error = Error;

    fn try_from(address: &UnixAddress) -> core::result::Result<Self, Error> {
        match address.as_abstract_name() {
            Some(name) => Self::from_abstract_name(name),
            None => Self::from_pathname(address.as_pathname().unwrap_or(Path::new(""))),
        }
        .map_err(|error| Error::because("convert the address", address, error))
    }
}
