//! getaddrinfo(3) and getnameinfo(3): names and addresses, as this machine looks them up.

use core::ffi::CStr;
use core::net::SocketAddr;
use core::{mem, ptr};
use std::io;

use rustix::net::SocketAddrAny;
use rustix::net::addr::SocketAddrArg;

/// A number that one of the two has returned; with EAI_SYSTEM comes what errno(3) said.
#[derive(Debug)]
pub(crate) struct Code(pub(crate) libc::c_int, pub(crate) io::Error);

/// How many bytes a host's name takes at most (NI_MAXHOST), and a service's (NI_MAXSERV).
const MAX_HOST: usize = 1_025;
const MAX_SERVICE: usize = 32;

/// What getaddrinfo(3) has allocated.
struct List(*mut libc::addrinfo);

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list is what getaddrinfo(3) gave, once, and nothing of it is borrowed any more.
        unsafe { libc::freeaddrinfo(self.0) };
    }
}

/// One of what getaddrinfo(3) found.
pub(crate) struct Entry {
    pub(crate) address: SocketAddr,
    pub(crate) socket_type: libc::c_int,
    pub(crate) canonical_name: Option<String>,
}

/// The addresses of a host and a service, for sockets of that family and type, where those are not 0.
pub(crate) fn addresses(
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: libc::c_int,
    socket_type: libc::c_int,
    flags: libc::c_int,
) -> Result<Vec<Entry>, Code> {
    // SAFETY: all-zero bytes are a valid `addrinfo`: integers and null pointers.
    let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
    (hints.ai_family, hints.ai_socktype, hints.ai_flags) = (family, socket_type, flags);
    let (host, service) = (host.map_or(ptr::null(), CStr::as_ptr), service.map_or(ptr::null(), CStr::as_ptr));
    let mut first = ptr::null_mut();
    // SAFETY: the two strings end with zero or are null, `hints` is as the man page wants it, and all outlive the call.
    checked(unsafe { libc::getaddrinfo(host, service, &raw const hints, &raw mut first) })?;
    let list = List(first);
    let mut entries = Vec::new();
    let mut next = list.0;
    // SAFETY: `next` is null or an entry of the list, which lives until the end of this function.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.ai_next;
        if entry.ai_addr.is_null() {
            continue;
        }
        // SAFETY: the entry's address has `ai_addrlen` bytes.
        let address = unsafe { SocketAddrAny::read(entry.ai_addr.cast(), entry.ai_addrlen) };
        let Ok(address) = SocketAddr::try_from(address) else { continue };
        let canonical_name = (!entry.ai_canonname.is_null()).then(|| {
            // SAFETY: the name ends with zero, and lives as long as the list.
            unsafe { CStr::from_ptr(entry.ai_canonname) }.to_string_lossy().into_owned()
        });
        entries.push(Entry { address, socket_type: entry.ai_socktype, canonical_name });
    }
    Ok(entries)
}

/// The names of a host and of a service, or numbers where there are none and the flags allow it.
pub(crate) fn names(address: &SocketAddr, flags: libc::c_int) -> Result<(String, String), Code> {
    let address = address.as_any();
    let (mut host, mut service) = ([0_u8; MAX_HOST], [0_u8; MAX_SERVICE]);
    let length = |room: usize| libc::socklen_t::try_from(room).unwrap_or(0);
    // SAFETY: the address has `addr_len` bytes, and the library writes at most the given lengths to the two arrays, with
    // a zero at the end; all outlive the call.
    checked(unsafe {
        libc::getnameinfo(
            address.as_ptr().cast(),
            address.addr_len(),
            host.as_mut_ptr().cast(),
            length(MAX_HOST),
            service.as_mut_ptr().cast(),
            length(MAX_SERVICE),
            flags,
        )
    })?;
    let text = |bytes: &[u8]| CStr::from_bytes_until_nul(bytes).unwrap_or_default().to_string_lossy().into_owned();
    Ok((text(&host), text(&service)))
}

fn checked(code: libc::c_int) -> Result<(), Code> {
    if code == 0 { Ok(()) } else { Err(Code(code, io::Error::last_os_error())) }
}
