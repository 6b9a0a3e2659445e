//! Descriptors that this process had from its beginning.

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, FdFlags, Result, fcntl_getfd, fcntl_setfd};

/// Takes a descriptor that the one who started this process left to it, and closes it on exec(2) from now on.
///
/// Fails with `BUSY` for one that somebody in this process has opened: it is closed on exec(2) already, which one that
/// came through an exec(2) is not.
pub(crate) fn take(number: RawFd) -> Result<OwnedFd> {
    // SAFETY: the number is that of a descriptor left to us, so not -1, and nobody closes it before its owner is made
    // below; if it is not open, the system says so.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(borrowed)?;
    if flags.contains(FdFlags::CLOEXEC) {
        return Err(Errno::BUSY);
    }
    fcntl_setfd(borrowed, flags | FdFlags::CLOEXEC)?;
    // SAFETY: the descriptor is open, came with this process, and has just been marked as taken: nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
