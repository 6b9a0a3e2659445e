//! Addresses as text: what the standard library reads and writes, and the names of interfaces in them.

use core::fmt::Display;
use core::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

use rustix::io::Errno;
use rustix::net::netdevice::{index_to_name, name_to_index};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::os::fd::OwnedFd;

use crate::error::Error;

/// Reads an address and a port, without any look-up: `192.0.2.1:80`, `[2001:db8::1]:80`, and of link-local addresses
/// with the interface by name or index: `[fe80::1%eth0]:80`.
///
/// Short, octal and hexadecimal forms such as `127.1` and `0x7f000001`, which inet_aton(3) takes, are refused.
///
/// ```
/// use wirenut_linux::lookup::{address_from_text, address_to_text};
/// for text in ["192.0.2.1:80", "[2001:db8::1]:80", "[fe80::1%lo]:80"] {
///     assert_eq!(address_to_text(&address_from_text(text)?), text);
/// }
/// let error = address_from_text("127.1:80").unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// # Ok::<(), wirenut_linux::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput`: it is no such text. No such device: the interface is unknown.
pub fn address_from_text(text: &str) -> Result<SocketAddr, Error> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let failed = |errno| Error::of("read an address from", &text.escape_debug(), errno);
    let (host, port) = text.strip_prefix('[').and_then(|rest| rest.split_once("]:")).ok_or(failed(Errno::INVAL))?;
    let (ip, interface) = host.split_once('%').ok_or(failed(Errno::INVAL))?;
    let ip: Ipv6Addr = ip.parse().map_err(|_| failed(Errno::INVAL))?;
    // Of digits only, as the standard library reads ports: no sign.
    let port = format!("[::]:{port}").parse::<SocketAddrV6>().map_err(|_| failed(Errno::INVAL))?.port();
    let index = any_socket().and_then(|socket| name_to_index(socket, interface)).map_err(failed)?;
    Ok(SocketAddrV6::new(ip, port, 0, index).into())
}

/// Writes an address and a port: [`address_from_text`] reads them. Of an interface the name, if it has one, and else the
/// index.
///
/// ```
/// use core::net::SocketAddrV6;
/// use wirenut_linux::lookup::address_to_text;
/// let at = |interface| SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, interface).into();
/// assert_eq!(address_to_text(&at(1)), "[fe80::1%lo]:80");
/// assert_eq!(address_to_text(&at(4_000_000_000)), "[fe80::1%4000000000]:80");
/// ```
#[must_use]
pub fn address_to_text(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V6(address) if address.scope_id() != 0 => {
            let index = address.scope_id();
            let name = any_socket().and_then(|socket| index_to_name(socket, index));
            let name: &dyn Display = match &name {
                Ok(name) => name,
                Err(_) => &index,
            };
            format!("[{}%{name}]:{}", address.ip(), address.port())
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => address.to_string(),
    }
}

/// Interfaces are asked for through a socket of any kind: netdevice(7).
fn any_socket() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
}
