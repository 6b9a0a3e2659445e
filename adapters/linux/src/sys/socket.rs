//! What neither the standard library nor rustix can do with a socket, and what the server does with those of the
//! standard library.

use core::mem::MaybeUninit;
use core::net::SocketAddr;
use core::ptr;
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno, Result};
use rustix::net::{SocketFlags, sockopt};

/// Listens, or listens again with another queue, of that length (the system has its own bound).
pub(crate) fn listen(socket: impl AsFd, backlog: u32) -> Result<()> {
    rustix::net::listen(socket, clamped(backlog))
}

/// Takes a connection, which never blocks. One system call: the peer's address is not asked for.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    Ok(rustix::net::accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?.into())
}

/// Does somebody wait to be accepted? (That accept(2) finds no descriptor does not say so: it looks for one first.)
pub(crate) fn has_waiting(listener: &TcpListener) -> bool {
    let mut polled = [PollFd::new(listener, PollFlags::IN)];
    matches!(rustix::event::poll(&mut polled, Some(&Timespec::default())), Ok(1..))
}

/// Sends small pieces at once. What a listener is told, its connections inherit.
pub(crate) fn set_no_delay(socket: &impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_tcp_nodelay(socket, true)?)
}

/// Makes close(2) a reset: the peer can see that something was cut off.
pub(crate) fn reset_on_close(socket: &impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_socket_linger(socket, Some(Duration::ZERO))?)
}

/// Has the socket be writable only while nothing that was written to it waits to leave.
pub(crate) fn set_writable_when_sent(socket: &impl AsFd) -> Result<()> {
    set_option(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, 1)
}

/// How many bytes have come that were not read. None of a socket that has failed.
pub(crate) fn unread(socket: &impl AsFd) -> u64 {
    rustix::io::ioctl_fionread(socket).unwrap_or(0)
}

/// The address of the internet that the socket is connected to, if it is.
pub(crate) fn peer(socket: &impl AsFd) -> Option<SocketAddr> {
    rustix::net::getpeername(socket).ok().flatten().and_then(|address| address.try_into().ok())
}

/// Messages come with the time at which they were sent.
pub(crate) fn set_timestamps(socket: impl AsFd) -> Result<()> {
    set_option(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMP, 1)
}

/// See tcp(7).
pub(crate) fn set_defer_accept(socket: &impl AsFd, seconds: u32) -> Result<()> {
    set_option(socket, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, clamped(seconds))
}

/// See tcp(7).
pub(crate) fn set_fast_open(socket: &impl AsFd, most: u32) -> Result<()> {
    set_option(socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, clamped(most))
}

/// See tcp(7).
pub(crate) fn set_fast_open_connect(socket: &impl AsFd, is_on: bool) -> Result<()> {
    set_option(socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT, libc::c_int::from(is_on))
}

fn clamped(value: u32) -> libc::c_int {
    libc::c_int::try_from(value).unwrap_or(libc::c_int::MAX)
}

/// rustix's own takes the process for never 0, which one of another namespace is.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> Result<libc::ucred> {
    let mut credentials = MaybeUninit::<libc::ucred>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).map_err(|_| Errno::OVERFLOW)?;
    let (level, name) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
    let (socket, value) = (socket.as_fd().as_raw_fd(), credentials.as_mut_ptr().cast());
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to `credentials`, which has so many,
    // and the count to `length`.
    if unsafe { libc::getsockopt(socket, level, name, value, &raw mut length) } < 0 {
        return Err(last_error());
    }
    // SAFETY: all bytes are initialized, at least by zero, and any bytes are a valid `ucred`: three integers.
    Ok(unsafe { credentials.assume_init() })
}

fn set_option(socket: &impl AsFd, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> Result<()> {
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).map_err(|_| Errno::OVERFLOW)?;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open, and the kernel reads `length` bytes of `value`, which has so many.
    let set = unsafe { libc::setsockopt(socket, level, name, ptr::from_ref(&value).cast(), length) };
    if set < 0 { Err(last_error()) } else { Ok(()) }
}

pub(super) fn last_error() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
}
