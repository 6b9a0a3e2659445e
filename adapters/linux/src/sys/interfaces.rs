//! getifaddrs(3): the addresses that the interfaces of this machine have.

use core::net::SocketAddr;
use core::ptr;
use std::io;

use rustix::net::SocketAddrAny;

use super::checked;

/// What getifaddrs(3) has allocated.
struct List(*mut libc::ifaddrs);

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list is what getifaddrs(3) gave, once, and nothing of it is borrowed any more.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

/// The internet addresses of all interfaces that are up, in the system's order; the port is 0.
pub(crate) fn addresses() -> io::Result<Vec<SocketAddr>> {
    let mut first = ptr::null_mut();
    // SAFETY: it writes a pointer to `first`, which outlives the call.
    checked(unsafe { libc::getifaddrs(&raw mut first) })?;
    let list = List(first);
    let mut addresses = Vec::new();
    let mut next = list.0;
    // SAFETY: `next` is null or an entry of the list, which lives until the end of this function.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.ifa_next;
        if entry.ifa_addr.is_null() || entry.ifa_flags & libc::IFF_UP as libc::c_uint == 0 {
            continue;
        }
        // SAFETY: every address begins with its family, and is aligned for it.
        let family = unsafe { (*entry.ifa_addr).sa_family };
        let length = match i32::from(family) {
            libc::AF_INET => size_of::<libc::sockaddr_in>(),
            libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
            _ => continue,
        };
        let Ok(length) = libc::socklen_t::try_from(length) else { continue };
        // SAFETY: an address of this family has so many bytes.
        let address = unsafe { SocketAddrAny::read(entry.ifa_addr.cast(), length) };
        addresses.extend(SocketAddr::try_from(address).ok());
    }
    Ok(addresses)
}
