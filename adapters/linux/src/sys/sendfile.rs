//! sendfile(2): from a file into a socket, without a copy in this process.

use std::io::{Error, Result};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Moves up to `length` bytes of the file, from `offset` on. Returns how many; zero at the end of the file.
pub(crate) fn sendfile(socket: BorrowedFd<'_>, file: BorrowedFd<'_>, offset: u64, length: u64) -> Result<u64> {
    let mut offset = libc::off_t::try_from(offset).map_err(|_| Error::from_raw_os_error(libc::EOVERFLOW))?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    // SAFETY: both descriptors are open, and the kernel reads and writes the one `offset`, which outlives the call.
    let moved = unsafe { libc::sendfile(socket.as_raw_fd(), file.as_raw_fd(), &raw mut offset, length) };
    u64::try_from(moved).map_err(|_| Error::last_os_error())
}
