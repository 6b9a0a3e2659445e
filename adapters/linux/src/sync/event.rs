//! A flag that processes wait for.

use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Duration;

use super::deadline::Deadline;
use super::flag::Flag;
use super::memory::Memory;
use super::shared::Shared;
use crate::error::Error;

/// A flag that is set, cleared and waited for, in memory that processes share.
///
/// Whoever waits when it is set goes on, even if it is cleared at once. All clones are the same event.
///
/// ```
/// use wirenut_linux::{process, sync::Event};
///
/// let ready = Event::new()?;
/// let child = process::spawn({
///     let ready = ready.clone();
///     move || ready.set()
/// })?;
/// ready.wait();
/// child.join()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Event(Shared<Flag>);

impl Event {
    /// An event that is not set, in memory without a name.
    ///
    /// # Errors
    /// There is no memory, or no descriptor.
    pub fn new() -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?)
    }

    /// The same, in memory of the caller's choice.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new_in(memory: Memory) -> Result<Self, Error> {
        Shared::make(memory, KIND, Flag::default()).map(Self)
    }

    /// The event that another process has made there.
    ///
    /// # Errors
    /// As of [`Shared::attach`].
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Shared::find(memory, KIND).map(Self)
    }

    /// Sets it: all that wait go on, and nobody waits until it is cleared.
    pub fn set(&self) {
        self.0.set();
    }

    /// Clears it: whoever waits from now on waits until it is set again.
    pub fn clear(&self) {
        self.0.clear();
    }

    /// Whether it is set now.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_set()
    }

    /// Waits until it is set.
    pub fn wait(&self) {
        self.0.wait(Deadline::after(None));
    }

    /// Waits until it is set, but not longer than `limit`. True if it was set.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// let event = wirenut_linux::sync::Event::new()?;
    /// assert!(!event.wait_timeout(Duration::from_millis(1)));
    /// event.set();
    /// assert!(event.wait_timeout(Duration::from_millis(1)));
    /// event.clear();
    /// assert!(!event.is_set());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.0.wait(Deadline::after(Some(limit)))
    }
}

/// Its memory, to be passed to another process.
impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const KIND: &str = "an event";
