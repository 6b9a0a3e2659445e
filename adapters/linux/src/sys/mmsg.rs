//! recvmmsg(2) and sendmmsg(2): several datagrams in one call. rustix has the second one only, for headers in a slice, which
//! would have to be allocated.

use core::mem::{self, MaybeUninit};
use core::ptr;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::{Errno, Result};
use rustix::net::SocketAddrAny;

use super::socket::last_error;

/// How many datagrams go into one call: their headers lie on the stack.
pub(crate) const MAX: usize = 64;

/// Room for so many values, of which only those that are used are written.
type Room<T> = [MaybeUninit<T>; MAX];

const fn room<T>() -> Room<T> {
    [const { MaybeUninit::uninit() }; MAX]
}

/// Receives up to as many datagrams as there are `size`s of bytes in `storage`, and tells the full length of each, and
/// from whom it is. Waits for the first one only.
pub(crate) fn recv(
    socket: &impl AsFd,
    storage: &mut [u8],
    size: usize,
    mut each: impl FnMut(usize, Option<SocketAddrAny>),
) -> Result<usize> {
    let mut names: Room<libc::sockaddr_storage> = room();
    let (mut slices, mut headers): (Room<libc::iovec>, Room<libc::mmsghdr>) = (room(), room());
    let name_length = libc::socklen_t::try_from(size_of::<libc::sockaddr_storage>()).map_err(|_| Errno::OVERFLOW)?;
    let mut count: libc::c_uint = 0;
    for (((name, slice), header), bytes) in
        names.iter_mut().zip(&mut slices).zip(&mut headers).zip(storage.chunks_exact_mut(size))
    {
        let slice = slice.write(libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() });
        header.write(header_of(name.as_mut_ptr().cast(), name_length, slice));
        count += 1;
    }
    let flags = libc::MSG_WAITFORONE | libc::MSG_TRUNC;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open; the first `count` headers are written, each points to one slice and to room for one
    // name, and each slice to a part of `storage` of its own; all of them outlive the call, and nothing else refers to
    // them meanwhile. No time-out.
    let received = unsafe { libc::recvmmsg(descriptor, headers.as_mut_ptr().cast(), count, flags, ptr::null_mut()) };
    let received = usize::try_from(received).map_err(|_| last_error())?;
    for (header, name) in headers.iter().zip(&names).take(received) {
        // SAFETY: it was written above, since the system receives no more datagrams than there are headers.
        let header = unsafe { header.assume_init_ref() };
        let length = header.msg_hdr.msg_namelen;
        let address = (length > 0).then(|| {
            // SAFETY: the system has written an address to `name`, of `length` bytes, at most as many as it was told.
            unsafe { SocketAddrAny::read(name.as_ptr().cast(), length) }
        });
        each(usize::try_from(header.msg_len).unwrap_or(usize::MAX), address);
    }
    Ok(received)
}

/// Sends datagrams, at most [`MAX`] of them. Says how many were sent, from the first one on.
pub(crate) fn send<'d>(
    socket: &impl AsFd,
    datagrams: impl Iterator<Item = (&'d [u8], SocketAddrAny)>,
) -> Result<usize> {
    let mut names: Room<SocketAddrAny> = room();
    let (mut slices, mut headers): (Room<libc::iovec>, Room<libc::mmsghdr>) = (room(), room());
    let mut count: libc::c_uint = 0;
    for (((name, slice), header), (bytes, to)) in names.iter_mut().zip(&mut slices).zip(&mut headers).zip(datagrams) {
        let name = name.write(to);
        let slice = slice.write(libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() });
        header.write(header_of(name.as_ptr().cast_mut().cast(), name.addr_len(), slice));
        count += 1;
    }
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open; the first `count` headers are written, each points to one slice and one name, and
    // each slice to the bytes of one datagram; all of them outlive the call, and the system only reads names and bytes.
    let sent = unsafe { libc::sendmmsg(descriptor, headers.as_mut_ptr().cast(), count, libc::MSG_NOSIGNAL) };
    usize::try_from(sent).map_err(|_| last_error())
}

/// A header of one slice, and of no control data.
fn header_of(name: *mut libc::c_void, name_length: libc::socklen_t, slice: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: all-zero bytes are a valid value: integers and null pointers.
    let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
    header.msg_hdr.msg_name = name;
    header.msg_hdr.msg_namelen = name_length;
    header.msg_hdr.msg_iov = slice;
    header.msg_hdr.msg_iovlen = 1;
    header
}
