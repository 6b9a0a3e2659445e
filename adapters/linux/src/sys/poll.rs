//! poll(2), on a table that the caller keeps from call to call.

use core::ptr;

use rustix::io::Result;
use wirenut::time::Duration;

use super::socket::last_error;
use super::time::timespec;

/// A descriptor, what to tell of it, and what was told.
pub(crate) use libc::pollfd as Entry;

/// Waits until something is ready, for at most `limit`. So many entries are.
pub(crate) fn poll(table: &mut [Entry], limit: Option<Duration>) -> Result<usize> {
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    let length = libc::nfds_t::try_from(table.len()).unwrap_or(libc::nfds_t::MAX);
    // SAFETY: `table` has `length` entries, which the kernel reads and writes; it reads `limit`, if that is not null.
    let found = unsafe { libc::ppoll(table.as_mut_ptr(), length, limit, ptr::null()) };
    usize::try_from(found).map_err(|_| last_error())
}
