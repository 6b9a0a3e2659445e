//! When the system has sent all that was written to a socket.

use std::io;

#[cfg(target_os = "linux")]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(target_os = "linux")]
use socket2::SockRef;

/// Has all left, as far as the system can tell? From then on the socket counts as writable only if all has. Where the system
/// cannot tell, yes.
#[cfg(target_os = "linux")]
pub(super) fn is_all_sent(socket: &impl std::os::fd::AsFd) -> io::Result<bool> {
    if SockRef::from(socket).set_tcp_notsent_lowat(1).is_err() {
        return Ok(true);
    }
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    Ok(poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&at_once))? > 0)
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn is_all_sent<T>(_: &T) -> io::Result<bool> {
    Ok(true)
}
