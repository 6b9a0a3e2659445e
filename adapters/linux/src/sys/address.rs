//! Addresses as the system writes them.

use core::slice;

use rustix::net::SocketAddrAny;

/// The bytes of an address, the family in the first two.
pub(crate) fn bytes_of(address: &SocketAddrAny) -> &[u8] {
    let length = usize::try_from(address.addr_len()).unwrap_or(0);
    // SAFETY: by the contract of its constructors so many bytes of the address are initialized, and they are borrowed as
    // long as the address is.
    unsafe { slice::from_raw_parts(address.as_ptr().cast(), length) }
}
