//! recvmmsg(2): several datagrams in one call, which rustix lacks.

use core::{mem, ptr};
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::{Errno, Result};
use rustix::net::SocketAddrAny;

use super::socket::last_error;

/// How many datagrams one call can receive: their headers lie on the stack.
pub(crate) const MOST: usize = 64;

/// Receives up to as many datagrams as there are `size`s of bytes in `storage`, and tells the full length of each, and
/// from whom it is. Waits for the first one only.
pub(crate) fn recv(
    socket: &impl AsFd,
    storage: &mut [u8],
    size: usize,
    mut each: impl FnMut(usize, Option<SocketAddrAny>),
) -> Result<usize> {
    // SAFETY: all-zero bytes are valid values of these three: integers and null pointers.
    let (mut names, mut slices, mut headers): (
        [libc::sockaddr_storage; MOST],
        [libc::iovec; MOST],
        [libc::mmsghdr; MOST],
    ) = unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
    let name_length = libc::socklen_t::try_from(size_of::<libc::sockaddr_storage>()).map_err(|_| Errno::OVERFLOW)?;
    let mut count: libc::c_uint = 0;
    let parts = names.iter_mut().zip(&mut slices).zip(&mut headers);
    for (((name, slice), header), bytes) in parts.zip(storage.chunks_exact_mut(size)) {
        *slice = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
        header.msg_hdr.msg_name = ptr::from_mut(name).cast();
        header.msg_hdr.msg_namelen = name_length;
        header.msg_hdr.msg_iov = slice;
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    let flags = libc::MSG_WAITFORONE | libc::MSG_TRUNC;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open; of `count` headers, each points to one slice and one name, and each slice to a part
    // of `storage` of its own; all of them outlive the call, and nothing else refers to them meanwhile. No time-out.
    let received = unsafe { libc::recvmmsg(descriptor, headers.as_mut_ptr(), count, flags, ptr::null_mut()) };
    let received = usize::try_from(received).map_err(|_| last_error())?;
    for (header, name) in headers.iter().zip(&names).take(received) {
        let length = header.msg_hdr.msg_namelen;
        let address = (length > 0).then(|| {
            // SAFETY: the system has written an address to `name`, of `length` bytes, at most as many as it was told.
            unsafe { SocketAddrAny::read(ptr::from_ref(name).cast(), length) }
        });
        each(usize::try_from(header.msg_len).unwrap_or(usize::MAX), address);
    }
    Ok(received)
}
