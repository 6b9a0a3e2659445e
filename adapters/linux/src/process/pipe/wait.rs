//! Waiting for an end, until a deadline.

use std::os::fd::{AsRawFd, RawFd};
use std::time::Instant;

use rustix::io::Errno;
use wirenut::time::Duration;

use crate::sys::poll::{Entry, poll};

/// How long a call waits.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    Never,
    /// `None`: for ever, as the time is too long to be counted.
    Until(Option<Instant>),
    Forever,
}

impl Wait {
    /// A span of nothing does not wait.
    pub(super) fn within(limit: Duration) -> Self {
        match limit.as_micros() {
            0 => Self::Never,
            _ => Self::Until(Instant::now().checked_add(limit.into())),
        }
    }

    /// Waits until the end is ready, or the time is over: false.
    pub(super) fn for_events(self, end: &impl AsRawFd, events: libc::c_short) -> Result<bool, Errno> {
        match self {
            Self::Never => Ok(false),
            Self::Until(Some(deadline)) => until(deadline, end.as_raw_fd(), events),
            Self::Until(None) | Self::Forever => loop {
                match poll(&mut [Entry { fd: end.as_raw_fd(), events, revents: 0 }], None) {
                    Err(Errno::INTR) => {}
                    found => return found.map(|_| true),
                }
            },
        }
    }
}

fn until(deadline: Instant, descriptor: RawFd, events: libc::c_short) -> Result<bool, Errno> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // What is below a microsecond is waited for, too, so that the call does not spin at its end.
        let left = Duration::from(left.saturating_add(core::time::Duration::from_nanos(999)));
        match poll(&mut [Entry { fd: descriptor, events, revents: 0 }], Some(left)) {
            Err(Errno::INTR) => {}
            found => return found.map(|found| found > 0),
        }
    }
}
