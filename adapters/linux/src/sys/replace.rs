//! dup3(2): another file under the same number.

use std::os::fd::{AsFd, AsRawFd};

use rustix::io::{Errno, Result};

use super::socket::last_error;

/// Closes what a descriptor stands for in this process, and has it stand for the same as another one, closed on exec(2).
/// For a descriptor of which others hold references: they keep one that is open.
pub(crate) fn replace(descriptor: impl AsFd, by: impl AsFd) -> Result<()> {
    let (old, new) = (by.as_fd().as_raw_fd(), descriptor.as_fd().as_raw_fd());
    loop {
        // SAFETY: the call takes no pointer. Both numbers are open, and the second stays open throughout, so whoever owns
        // or has borrowed it goes on with a descriptor that is theirs.
        if unsafe { libc::dup3(old, new, libc::O_CLOEXEC) } >= 0 {
            return Ok(());
        }
        // BUSY: somebody else is about to get this number from the system, by a race with a close that it has lost.
        match last_error() {
            Errno::INTR | Errno::BUSY => {}
            errno => return Err(errno),
        }
    }
}
