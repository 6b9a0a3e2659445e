//! eventfd(2): a descriptor that becomes readable when somebody wants it.

use std::io::Result;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::checked;

/// A counter that can be waited for.
#[derive(Debug)]
pub(crate) struct EventFd(OwnedFd);

impl EventFd {
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: the call takes no pointer.
        let descriptor = checked(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    /// The same one, by another descriptor.
    pub(crate) fn try_clone(&self) -> Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Makes it readable.
    pub(crate) fn raise(&self) {
        raise(self.0.as_raw_fd());
    }

    /// Makes it unreadable again.
    pub(crate) fn clear(&self) {
        let mut count = [0_u8; 8];
        // SAFETY: the descriptor is open, and the kernel writes at most the eight bytes of `count`.
        let _ = unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }
}

/// One that another process has made.
impl From<OwnedFd> for EventFd {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes the eventfd of that number readable. May be called in a signal handler.
pub(super) fn raise(descriptor: RawFd) {
    let one = 1_u64.to_ne_bytes();
    // It fails only where the counter is at its end, which is readable too.
    // SAFETY: the kernel reads the eight bytes of `one`; write(2) may be called in a signal handler.
    let _ = unsafe { libc::write(descriptor, one.as_ptr().cast(), one.len()) };
}
