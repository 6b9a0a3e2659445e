//! Names and addresses, hosts and services, as this machine looks them up: its files, its name servers, whatever
//! `/etc/nsswitch.conf` says.
//!
//! ```
//! use wirenut_linux::lookup::{self, Transport};
//! use wirenut_linux::socket::TcpStream;
//! # let listener = wirenut_linux::socket::TcpListener::bind(&"127.0.0.1:0".parse()?)?;
//! # let port = &listener.local_address()?.port().to_string();
//! let mut addresses = lookup::addresses("localhost", port, Transport::Tcp)?.into_iter();
//! let stream = addresses.find_map(|address| TcpStream::connect(&address).ok());
//! assert!(stream.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! These calls wait for files and name servers, for many seconds if need be, and cannot be interrupted: call them on a
//! thread of their own where that matters. What needs no look-up waits for nothing: [`address_from_text`].

mod address_info;
mod failed;
mod text;
mod transport;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

pub use crate::lookup_failure::Failure;
pub use address_info::{AddressInfo, Hints, address_info};
pub use text::{address_from_text, address_to_text};
pub use transport::Transport;

use crate::error::Error;
use crate::sys::interfaces;
use crate::sys::netdb::{self, Code};
use failed::failed;

/// Every address comes once, for any transport has the same.
const EACH_ONCE: Hints = Hints { transport: Some(Transport::Tcp), ..Hints::DEFAULT };

/// The name of this machine: gethostname(2). It need not be one that can be looked up.
///
/// ```
/// assert!(!wirenut_linux::lookup::host_name().is_empty());
/// ```
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The addresses of a host, each with the port of the service: getaddrinfo(3). The best one is first (RFC 6724), so try
/// them in their order; there is at least one. [`address_info`] can be asked more.
///
/// The host is a name or an address; the service a name (`http`) or a port in digits.
///
/// ```
/// use wirenut_linux::lookup::{Transport, addresses};
/// assert_eq!(addresses("127.0.0.1", "80", Transport::Tcp)?, ["127.0.0.1:80".parse()?]);
/// let error = addresses("127.0.0.1", "no-such-service", Transport::Tcp).unwrap_err();
/// assert_eq!(error.to_string(), "cannot look up 127.0.0.1, service no-such-service: unknown service for this transport");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::lookup_failure`] tells which; see [`Failure`]. `InvalidInput`: a zero byte in a name.
pub fn addresses(host: &str, service: &str, transport: Transport) -> Result<Vec<SocketAddr>, Error> {
    let found = address_info(Some(host), Some(service), &Hints { transport: Some(transport), ..Hints::DEFAULT })?;
    Ok(found.into_iter().map(|info| info.address).collect())
}

/// The addresses of a host, without a service.
///
/// ```
/// assert_eq!(wirenut_linux::lookup::host("::1")?, ["::1".parse::<core::net::IpAddr>()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`addresses`].
pub fn host(name: &str) -> Result<Vec<IpAddr>, Error> {
    let found = address_info(Some(name), None, &EACH_ONCE)?;
    Ok(found.iter().map(|info| info.address.ip()).collect())
}

/// The name that a host calls itself by, of which others are aliases (AI_CANONNAME).
///
/// ```
/// assert_eq!(wirenut_linux::lookup::canonical_name("localhost")?, "localhost");
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// Those of [`addresses`].
pub fn canonical_name(name: &str) -> Result<String, Error> {
    let found = address_info(Some(name), None, &Hints { canonical_name: true, ..EACH_ONCE })?;
    Ok(found.into_iter().find_map(|info| info.canonical_name).unwrap_or_else(|| name.to_owned()))
}

/// The name of the host that has an address: getnameinfo(3). `None` if it has none. Whoever owns the address decides
/// what it says: look the name up to be sure.
///
/// ```
/// assert_eq!(wirenut_linux::lookup::name_of("127.0.0.1".parse()?)?.as_deref(), Some("localhost"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`addresses`], but for an unknown name.
pub fn name_of(address: IpAddr) -> Result<Option<String>, Error> {
    match netdb::names(&SocketAddr::new(address, 0), libc::NI_NAMEREQD) {
        Ok((host, _)) => Ok(Some(host)),
        Err(Code(libc::EAI_NONAME, _)) => Ok(None),
        Err(code) => Err(failed("look up the name of", &address.to_string())(code)),
    }
}

/// The addresses of this machine: those of its interfaces that are up, loopback among them, in the system's order.
/// Link-local addresses of IPv6 come with their interface (the scope); the port is 0.
///
/// ```
/// let addresses = wirenut_linux::lookup::own_addresses()?;
/// assert!(addresses.iter().all(|address| address.port() == 0));
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// The system has run out of memory or descriptors, or forbids it.
pub fn own_addresses() -> Result<Vec<SocketAddr>, Error> {
    interfaces::addresses().map_err(|error| Error::plain("list the addresses of this machine", error))
}

/// The port of a service, by its name, or the number that its digits say.
///
/// ```
/// use wirenut_linux::lookup::{Transport, port};
/// assert_eq!(port("http", Transport::Tcp)?, 80);
/// assert_eq!(port("8080", Transport::Tcp)?, 8080);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// [`Failure::Service`]: there is none of that name; `/etc/services` says which there are.
pub fn port(service: &str, transport: Transport) -> Result<u16, Error> {
    let found = address_info(None, Some(service), &Hints { transport: Some(transport), ..Hints::DEFAULT })?;
    let first = found.first().ok_or_else(|| Error::because("look up the service", &service, Failure::Service))?;
    Ok(first.address.port())
}

/// The name of the service that has a port. `None` if it has none.
///
/// ```
/// use wirenut_linux::lookup::{Transport, service_of};
/// assert_eq!(service_of(80, Transport::Tcp)?.as_deref(), Some("http"));
/// assert_eq!(service_of(1, Transport::Udp)?, None);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// Those of [`addresses`].
pub fn service_of(port: u16, transport: Transport) -> Result<Option<String>, Error> {
    let flags = match transport {
        Transport::Tcp => libc::NI_NUMERICHOST,
        Transport::Udp => libc::NI_NUMERICHOST | libc::NI_DGRAM,
    };
    let found = netdb::names(&SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port), flags);
    let (_, name) = found.map_err(failed("look up the service at port", &port.to_string()))?;
    Ok(Some(name).filter(|name| *name != port.to_string()))
}
