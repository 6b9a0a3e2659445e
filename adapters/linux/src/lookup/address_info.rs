//! getaddrinfo(3), with all that it can be asked.

use alloc::ffi::CString;
use core::net::SocketAddr;

use rustix::io::Errno;

use super::failed::failed;
use super::transport::Transport;
use crate::error::Error;
use crate::socket::Family;
use crate::sys::netdb;

/// What getaddrinfo(3) is to look for, and how.
///
/// ```
/// use wirenut_linux::lookup::Hints;
/// const TO_LISTEN: Hints = Hints { passive: true, ..Hints::DEFAULT };
/// assert_eq!(TO_LISTEN.family, None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Hints {
    /// Only addresses for sockets of this family (ai_family). [`Family::DualStack`]: those of IPv4, too, as IPv6 writes them
    /// (AI_V4MAPPED and AI_ALL).
    pub family: Option<Family>,
    /// Only this transport (ai_socktype); `None`: each address comes once for each.
    pub transport: Option<Transport>,
    /// Without a host: the wildcard addresses, to listen at, and not those of loopback (AI_PASSIVE).
    pub passive: bool,
    /// The first one found comes with the [canonical name](AddressInfo::canonical_name) (AI_CANONNAME).
    pub canonical_name: bool,
    /// The host is an address, or fails: nobody is asked (AI_NUMERICHOST).
    pub numeric_host: bool,
    /// The service is a port in digits, or fails (AI_NUMERICSERV).
    pub numeric_service: bool,
    /// Only families of which this machine has an address itself, beside loopback (AI_ADDRCONFIG).
    pub address_config: bool,
}

impl Hints {
    /// Everything that is there: what getaddrinfo(3) does without flags.
    pub const DEFAULT: Self = Self {
        family: None,
        transport: None,
        passive: false,
        canonical_name: false,
        numeric_host: false,
        numeric_service: false,
        address_config: false,
    };

    const fn family_number(&self) -> libc::c_int {
        match self.family {
            None => libc::AF_UNSPEC,
            Some(Family::V4) => libc::AF_INET,
            Some(Family::V6 | Family::DualStack) => libc::AF_INET6,
        }
    }

    fn flags(&self) -> libc::c_int {
        [
            (self.family == Some(Family::DualStack), libc::AI_V4MAPPED | libc::AI_ALL),
            (self.passive, libc::AI_PASSIVE),
            (self.canonical_name, libc::AI_CANONNAME),
            (self.numeric_host, libc::AI_NUMERICHOST),
            (self.numeric_service, libc::AI_NUMERICSERV),
            (self.address_config, libc::AI_ADDRCONFIG),
        ]
        .into_iter()
        .filter(|(is_wanted, _)| *is_wanted)
        .fold(0, |flags, (_, flag)| flags | flag)
    }
}

/// One of what was found.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AddressInfo {
    /// The address, with the port of the service; 0 without one.
    pub address: SocketAddr,
    /// What it is for.
    pub transport: Transport,
    /// The name that the host calls itself by, of which others are aliases: with the first one, if it was asked for.
    pub canonical_name: Option<String>,
}

/// The addresses of a host, a service, or both: getaddrinfo(3). The best one is first (RFC 6724). What is for neither
/// transport (SOCK_RAW) is left out.
///
/// ```
/// use wirenut_linux::lookup::{Hints, Transport, address_info};
/// use wirenut_linux::socket::{Family, Socket, TcpListener};
/// let tcp = Hints { transport: Some(Transport::Tcp), ..Hints::DEFAULT };
/// let to_listen = Hints { family: Some(Family::V4), passive: true, numeric_service: true, ..tcp };
/// let wildcard = address_info(None, Some("0"), &to_listen)?[0].address;
/// assert_eq!(wildcard, "0.0.0.0:0".parse()?);
/// let listener = TcpListener::bind(&wildcard)?;
///
/// let port = listener.local_address()?.port().to_string();
/// let to_connect = Hints { family: Some(Family::DualStack), ..tcp };
/// let address = address_info(Some("127.0.0.1"), Some(&port), &to_connect)?[0].address;
/// assert_eq!(address.ip().to_string(), "::ffff:127.0.0.1");
/// Socket::tcp(Family::DualStack)?.connect(&address)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::lookup_failure`] tells which; see [`Failure`](super::Failure). `InvalidInput`: a zero byte in a name.
pub fn address_info(host: Option<&str>, service: Option<&str>, hints: &Hints) -> Result<Vec<AddressInfo>, Error> {
    let (host_string, service_string) = (c_string(host)?, c_string(service)?);
    let asked = match (host, service) {
        (Some(host), Some(service)) => format!("{host}, service {service}"),
        (Some(host), None) => host.to_owned(),
        (None, Some(service)) => format!("the service {service}"),
        (None, None) => "neither a host nor a service".to_owned(),
    };
    let found = netdb::addresses(
        host_string.as_deref(),
        service_string.as_deref(),
        hints.family_number(),
        hints.transport.map_or(0, Transport::socket_type),
        hints.flags(),
    );
    let entries = found.map_err(failed("look up", &asked))?;
    Ok(entries.into_iter().filter_map(AddressInfo::of).collect())
}

impl AddressInfo {
    fn of(entry: netdb::Entry) -> Option<Self> {
        let transport = [Transport::Tcp, Transport::Udp].into_iter().find(|t| t.socket_type() == entry.socket_type)?;
        Some(Self { address: entry.address, transport, canonical_name: entry.canonical_name })
    }
}

fn c_string(name: Option<&str>) -> Result<Option<CString>, Error> {
    let Some(name) = name else { return Ok(None) };
    CString::new(name).map(Some).map_err(|_| Error::of("look up", &name.escape_debug(), Errno::INVAL))
}
