//! How long a stream is waited for that nobody reads.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::{Errno, retry_on_intr};

use super::failure::Stop;
use super::interrupt::Interrupt;

/// The system cannot say when a FIFO gets a reader, so it is asked so often.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a stream is waited for: up to the deadline, or until a signal comes.
pub(super) struct Patience<'i> {
    pub(super) deadline: Option<Instant>,
    pub(super) interrupt: &'i Interrupt,
}

impl Patience<'_> {
    /// Opens a file that is no regular one, for writing; a FIFO once it has a reader (fifo(7)). It does not block.
    ///
    /// # Errors
    /// [`Stop`] within, where the deadline comes first, or a signal.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        loop {
            let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
            match OpenOptions::new().write(true).custom_flags(flags).open(path) {
                Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && is_fifo(path) => {}
                opened => return opened,
            }
            let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Err(Stop::TimedOut.error());
            }
            let pause = left.map_or(PAUSE, |left| left.min(PAUSE));
            self.interrupt.sleep(pause).map_err(|_| Stop::Cancelled.error())?;
        }
    }
}

/// Waits until a file that does not block has room, or until the deadline.
pub(super) fn wait_for_room(file: &File, deadline: Option<Instant>) -> io::Result<()> {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let limit = left.and_then(|left| Timespec::try_from(left).ok());
    match retry_on_intr(|| poll(&mut [PollFd::new(file, PollFlags::OUT)], limit.as_ref()))? {
        0 if deadline.is_some_and(|deadline| Instant::now() >= deadline) => Err(Stop::TimedOut.error()),
        _ => Ok(()),
    }
}

fn is_fifo(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}
