//! A flag that processes wait for.

use core::sync::atomic::{AtomicU32, Ordering};

use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Duration;
use zerocopy::FromBytes;

use super::deadline::Deadline;
use super::event_count::EventCount;
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
pub struct Event(Shared<State>);

#[derive(Debug, FromBytes)]
#[repr(C)]
struct State {
    /// How often it was set, and in the lowest bit whether it is: who waits sees that it was set meanwhile.
    word: AtomicU32,
    set: EventCount,
}

const IS_SET: u32 = 1;
const ONCE: u32 = 2;

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
        Shared::new_in(memory, State { word: AtomicU32::new(0), set: EventCount::default() }).map(Self)
    }

    /// The event that another process has made there.
    ///
    /// # Errors
    /// As of [`Shared::attach`].
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Shared::attach(memory).map(Self)
    }

    /// Sets it: all that wait go on, and nobody waits until it is cleared.
    pub fn set(&self) {
        let set = |word: u32| (word & IS_SET == 0).then(|| word.wrapping_add(ONCE) | IS_SET);
        if self.0.word.fetch_update(Ordering::Release, Ordering::Relaxed, set).is_ok() {
            self.0.set.notify_all();
        }
    }

    /// Clears it: whoever waits from now on waits until it is set again.
    pub fn clear(&self) {
        self.0.word.fetch_and(!IS_SET, Ordering::Release);
    }

    /// Whether it is set now.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.word.load(Ordering::Acquire) & IS_SET != 0
    }

    /// Waits until it is set.
    pub fn wait(&self) {
        self.wait_until(Deadline::after(None));
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
        self.wait_until(Deadline::after(Some(limit)))
    }

    fn wait_until(&self, deadline: Deadline) -> bool {
        let before = self.0.word.load(Ordering::Acquire);
        let look = || -> Result<Option<()>, core::convert::Infallible> {
            let word = self.0.word.load(Ordering::Acquire);
            Ok((word & IS_SET != 0 || word & !IS_SET != before & !IS_SET).then_some(()))
        };
        let Ok(found) = self.0.set.wait_until(deadline, look);
        found.is_some()
    }
}

/// Its memory, to be passed to another process.
impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
