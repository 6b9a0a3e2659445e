//! What rustix cannot do with a socket.

use core::mem::MaybeUninit;
use core::ptr;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::{Errno, Result, retry_on_intr};

/// Listens, or listens again with another queue, of that length (the system has its own bound).
pub(crate) fn listen(socket: impl AsFd, backlog: u32) -> Result<()> {
    rustix::net::listen(socket, clamped(backlog))
}

/// Does somebody wait to be accepted? (That accept(2) finds no descriptor does not say so: it looks for one first.)
pub(crate) fn has_waiting(listener: &impl AsFd) -> Result<bool> {
    let mut polled = [PollFd::new(listener, PollFlags::IN)];
    Ok(retry_on_intr(|| rustix::event::poll(&mut polled, Some(&Timespec::default())))? > 0)
}

/// SIOCOUTQ of tcp(7) and unix(7), by its other name.
pub(crate) fn untaken_bytes(socket: &impl AsFd) -> Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open, and the kernel writes one `int` to `bytes`.
    if unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) } < 0 {
        return Err(last_error());
    }
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// See tcp(7).
pub(crate) fn set_unsent_low_water_mark(socket: &impl AsFd, bytes: u32) -> Result<()> {
    set_option(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, clamped(bytes))
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

/// See tcp(7). What a kernel does not know stays zero.
pub(crate) fn tcp_info(socket: &impl AsFd) -> Result<libc::tcp_info> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).map_err(|_| Errno::OVERFLOW)?;
    let (level, name) = (libc::IPPROTO_TCP, libc::TCP_INFO);
    let (socket, value) = (socket.as_fd().as_raw_fd(), info.as_mut_ptr().cast());
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to `info`, which has so many, and the
    // count to `length`.
    if unsafe { libc::getsockopt(socket, level, name, value, &raw mut length) } < 0 {
        return Err(last_error());
    }
    // SAFETY: all bytes are initialized, at least by zero, and any bytes are a valid `tcp_info`: integers.
    Ok(unsafe { info.assume_init() })
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
