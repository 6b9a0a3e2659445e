//! What the standard library cannot do with a TCP socket.

use core::ptr;
use std::io::{Error, Result};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use super::checked;

/// Listens again, with a queue of that length (the system has its own bound): the standard library's may overflow in a
/// burst, and a lost connection request comes again only after a second.
pub(crate) fn listen(listener: &TcpListener, backlog: u32) -> Result<()> {
    let backlog = libc::c_int::try_from(backlog).unwrap_or(libc::c_int::MAX);
    // SAFETY: the call takes no pointer, and the descriptor is open as long as the listener lives.
    checked(unsafe { libc::listen(listener.as_raw_fd(), backlog) })?;
    Ok(())
}

/// Takes a connection, which never blocks. One system call: the peer's address is not asked for.
pub(crate) fn accept(listener: &TcpListener) -> Result<TcpStream> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: the descriptor is open, and a null address with a null length asks for none.
    let descriptor = checked(unsafe { libc::accept4(listener.as_raw_fd(), ptr::null_mut(), ptr::null_mut(), flags) })?;
    // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }.into())
}

/// Sends small pieces at once. What a listener is told, its connections inherit.
pub(crate) fn set_no_delay(socket: &impl AsFd) -> Result<()> {
    set_option(socket, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1_i32)
}

/// Makes close(2) a reset: the peer can see that something was cut off.
pub(crate) fn reset_on_close(socket: &impl AsFd) -> Result<()> {
    set_option(socket, libc::SOL_SOCKET, libc::SO_LINGER, &libc::linger { l_onoff: 1, l_linger: 0 })
}

fn set_option<T>(socket: &impl AsFd, level: libc::c_int, name: libc::c_int, value: &T) -> Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(Error::other)?;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open, and the kernel reads `length` bytes of `value`, which has so many.
    checked(unsafe { libc::setsockopt(socket, level, name, ptr::from_ref(value).cast(), length) })?;
    Ok(())
}
