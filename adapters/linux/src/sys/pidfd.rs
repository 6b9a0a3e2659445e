//! pidfd_send_signal(2), for any signal.

use core::ptr;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Result;

use super::socket::last_error;

/// Sends a signal to the process that the descriptor stands for.
pub(crate) fn send(pidfd: BorrowedFd<'_>, signal: i32) -> Result<()> {
    let no_info = ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, and a null pointer stands for what kill(2) would tell of the sender.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, no_info, 0) };
    if sent < 0 { Err(last_error()) } else { Ok(()) }
}
