//! Waking up a thread that waits.

use alloc::sync::Arc;
use alloc::task::Wake;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;

use crate::error::Error;
use crate::sys::eventfd::EventFd;

/// Readable since any thread rang it, until it is silenced: eventfd(2). All clones are the same bell.
///
/// It says that there is something, not what: put that where both threads find it, then ring; silence it, then look
/// there. In the other order something can come between the look and the silence, and nobody hears of it.
#[derive(Clone, Debug)]
pub struct Bell(Arc<EventFd>);

impl Bell {
    /// One that is silent.
    ///
    /// # Errors
    /// The process or the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let failed =
            |error: io::Error| Error::plain("make an eventfd", Errno::from_io_error(&error).unwrap_or(Errno::IO));
        Ok(Self(Arc::new(EventFd::new().map_err(failed)?)))
    }

    /// What a handler of a signal raises.
    pub(crate) const fn eventfd(&self) -> &Arc<EventFd> {
        &self.0
    }

    /// Makes it readable; an edge-triggered poller tells of it again.
    pub fn ring(&self) {
        self.0.raise();
    }

    /// Makes it unreadable.
    pub fn silence(&self) {
        self.0.clear();
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A future's wake-up rings: `Waker::from(Arc::new(bell))`.
impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}
