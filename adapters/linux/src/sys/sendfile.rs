//! sendfile(2): from a file into a socket, without a copy in this process.

use std::os::fd::{AsFd, AsRawFd};

use rustix::io::{Errno, Result};

use super::socket::last_error;

/// What the system moves at most in one call; lengths that end beyond the largest offset are an error to it.
const MAX_LENGTH: usize = 0x7fff_f000;

/// Moves up to `length` bytes of the file, from `offset` on. Returns how many; zero at the end of the file.
pub(crate) fn sendfile(socket: &impl AsFd, file: &impl AsFd, offset: u64, length: u64) -> Result<u64> {
    let mut offset = libc::off_t::try_from(offset).map_err(|_| Errno::OVERFLOW)?;
    let length = usize::try_from(length).map_or(MAX_LENGTH, |length| length.min(MAX_LENGTH));
    let (socket, file) = (socket.as_fd().as_raw_fd(), file.as_fd().as_raw_fd());
    // SAFETY: both descriptors are open, and the kernel reads and writes the one `offset`, which outlives the call.
    let moved = unsafe { libc::sendfile(socket, file, &raw mut offset, length) };
    u64::try_from(moved).map_err(|_| last_error())
}
