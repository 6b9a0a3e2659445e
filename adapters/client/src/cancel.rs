//! How another thread stops a request.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use std::os::fd::{AsFd, BorrowedFd};

use wirenut_linux::poller::{Bell, Interest};

use crate::error::{Cause, Error, Phase};
use crate::watcher::Watcher;

/// Stops requests from another thread: whatever they wait for, they fail with [`Cause::Cancelled`] at once. All clones are
/// the same; once cancelled it stays so. It does not interrupt one wait: that for a reader of content
/// ([`Body::reader`](crate::Body::reader)) that blocks.
///
/// ```
/// use std::net::TcpListener;
/// use std::thread;
/// use wirenut_client::{Cancel, Cause, Client};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?; // which never answers
/// let url = format!("http://{}/", listener.local_addr()?);
/// let cancel = Cancel::new()?;
/// let other = thread::spawn({
///     let cancel = cancel.clone();
///     move || cancel.cancel()
/// });
/// let error = Client::new().get(url).cancel(&cancel).send().unwrap_err();
/// assert!(matches!(error.cause(), Cause::Cancelled));
/// # other.join().unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cancel {
    is_cancelled: Arc<AtomicBool>,
    bell: Bell,
}

impl Cancel {
    /// One that nobody has cancelled.
    ///
    /// # Errors
    /// The process or the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let bell = Bell::new().map_err(|error| Error::new(Phase::Prepare, "a means to cancel", error.into()))?;
        Ok(Self { is_cancelled: Arc::default(), bell })
    }

    /// Stops all requests that have it, and those that will.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Release);
        self.bell.ring();
    }

    /// Was it cancelled?
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    /// Has a watcher report it.
    pub(crate) fn attach(&self, watcher: &mut dyn Watcher) -> Result<(), Cause> {
        watcher.register(self.bell.as_fd(), Interest::READABLE)
    }

    pub(crate) fn check(&self) -> Result<(), Cause> {
        if self.is_cancelled() { Err(Cause::Cancelled) } else { Ok(()) }
    }
}

/// Readable since it was cancelled.
impl AsFd for Cancel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
