//! How long a stream is waited for that nobody reads, or that nobody writes to.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::{Errno, retry_on_intr};
use wirenut_client::Cancel;

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
            match OpenOptions::new().write(true).custom_flags(non_blocking()).open(path) {
                Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && is_fifo(path) => {}
                opened => return opened,
            }
            let left = left(self.deadline);
            if left == Some(Duration::ZERO) {
                return Err(Stop::TimedOut.error());
            }
            let pause = left.map_or(PAUSE, |left| left.min(PAUSE));
            self.interrupt.sleep(pause).map_err(|_| Stop::Cancelled.error())?;
        }
    }

    /// The same reader, up to the deadline, or until a signal comes.
    ///
    /// # Errors
    /// [`Stop`] within, where one of these ends it.
    pub(super) fn watch<R: Read + AsFd>(&self, reader: R) -> Watched<R> {
        self.bounds().watch(reader)
    }

    /// The same for readers that are opened later.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds { deadline: self.deadline, cancel: self.interrupt.cancel().clone() }
    }
}

/// What ends a wait for a reader: a deadline and a signal.
#[derive(Clone)]
pub(super) struct Bounds {
    deadline: Option<Instant>,
    cancel: Cancel,
}

impl Bounds {
    /// The same reader, with these bounds.
    pub(super) fn watch<R: Read + AsFd>(&self, reader: R) -> Watched<R> {
        Watched { reader, bounds: self.clone() }
    }
}

/// Opens a file for reading. A FIFO without a writer does not block: [`Patience::watch`] waits for one.
pub(super) fn open_for_reading(path: &Path) -> io::Result<File> {
    let flags = if is_fifo(path) { non_blocking() } else { 0 };
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// A reader that a deadline and a signal interrupt.
pub(super) struct Watched<R> {
    reader: R,
    bounds: Bounds,
}

impl<R: Read + AsFd> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let Bounds { deadline, cancel: cancelled } = &self.bounds;
            let (reader, cancel) = (self.reader.as_fd(), cancelled.as_fd());
            let mut watched = [PollFd::new(&reader, PollFlags::IN), PollFd::new(&cancel, PollFlags::IN)];
            let left = left(*deadline);
            let limit = left.and_then(|left| Timespec::try_from(left).ok());
            let ready = retry_on_intr(|| poll(&mut watched, limit.as_ref()))?;
            if cancelled.is_cancelled() {
                return Err(Stop::Cancelled.error());
            }
            // Also where there is something to read: there may always be more.
            if left == Some(Duration::ZERO) {
                return Err(Stop::TimedOut.error());
            }
            if ready == 0 {
                // A read would block, or find the end of a FIFO that has no writer yet.
                continue;
            }
            match self.reader.read(into) {
                // Somebody else was faster.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }
}

/// Waits until a file that does not block has room, or until the deadline.
pub(super) fn wait_for_room(file: &File, deadline: Option<Instant>) -> io::Result<()> {
    let left = left(deadline);
    let limit = left.and_then(|left| Timespec::try_from(left).ok());
    match retry_on_intr(|| poll(&mut [PollFd::new(file, PollFlags::OUT)], limit.as_ref()))? {
        0 if left == Some(Duration::ZERO) => Err(Stop::TimedOut.error()),
        _ => Ok(()),
    }
}

/// How long it is up to the deadline.
fn left(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

fn non_blocking() -> i32 {
    i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0)
}

pub(super) fn is_fifo(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(test)]
mod tests {
    use super::super::failure::GetFailure;
    use super::*;

    /// Some are never silent, and have no end.
    #[test]
    fn a_reader_that_is_always_ready_has_a_deadline_too() {
        let interrupt = Interrupt::new().unwrap();
        let read = |deadline| {
            let zeros = open_for_reading(Path::new("/dev/zero")).unwrap();
            Patience { deadline, interrupt: &interrupt }.watch(zeros).read(&mut [0; 8])
        };
        let now = Instant::now();
        for deadline in [None, Some(now + Duration::from_secs(3600))] {
            assert_eq!(read(deadline).unwrap(), 8);
        }
        assert!(matches!(Stop::of(&read(Some(now)).unwrap_err()), Some(GetFailure::TimedOut)));
    }
}
