//! A place where processes meet.

use alloc::sync::Arc;
use core::fmt;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use wirenut::time::Duration;
use zerocopy::FromBytes;

use super::deadline::Deadline;
use super::event_count::EventCount;
use super::identity::this_process;
use super::memory::Memory;
use crate::error::Error;
use crate::sys::memory::{Object, Pair};
use crate::sys::robust::{Before, Held, Robust};

/// A place where a number of processes or threads meet: whoever comes waits for all others, again and again.
///
/// If one does not come in time, whoever waited for so long *breaks* the barrier, and so learns everybody else that waits or
/// comes, until it is [reset](Self::reset): nobody waits for the dead without end. A process that dies just while it counts
/// who has come breaks it, too. All clones are the same barrier.
///
/// ```
/// use wirenut_linux::{process, sync::Barrier};
///
/// let start = Barrier::new(2)?;
/// let child = process::spawn({
///     let start = start.clone();
///     move || u8::from(start.wait().unwrap().is_leader())
/// })?;
/// let leads = start.wait()?.is_leader();
/// let child_leads = child.join()? == process::Ended::Exited(1);
/// assert!(leads != child_leads); // one of them
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Barrier(Arc<Object<Pair<Robust<State>, Open>, ()>>);

#[derive(Debug, FromBytes)]
#[repr(C)]
struct State {
    /// How many have come since the last time that all had.
    arrived: u32,
    /// How often all had come.
    generation: u32,
    /// How often it was reset: whoever waited then has not met the others.
    resets: u32,
    /// Not zero while it is broken.
    broken: u32,
}

#[derive(Debug, FromBytes)]
#[repr(C)]
struct Open {
    parties: u32,
    changed: EventCount,
}

impl State {
    /// What somebody has got that came in this round: a generation, and how often the barrier had been reset. `None`: it
    /// waits on.
    fn outcome(&self, (generation, resets): (u32, u32)) -> Result<Option<Met>, Broken> {
        if self.resets != resets {
            return Err(Broken);
        }
        // If all came before it broke, all have met.
        match (self.generation == generation, self.broken == 0) {
            (false, _) => Ok(Some(Met { is_leader: false })),
            (true, true) => Ok(None),
            (true, false) => Err(Broken),
        }
    }
}

impl Barrier {
    /// A barrier for so many, in memory without a name.
    ///
    /// # Errors
    /// `parties` is zero ([`InvalidInput`](std::io::ErrorKind::InvalidInput)); or there is no memory or no descriptor.
    pub fn new(parties: u32) -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?, parties)
    }

    /// The same, in memory of the caller's choice.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn new_in(memory: Memory, parties: u32) -> Result<Self, Error> {
        if parties == 0 {
            return Err(Error::plain("make a barrier", Errno::INVAL));
        }
        let head = (
            State { arrived: 0, generation: 0, resets: 0, broken: 0 },
            Open { parties, changed: EventCount::default() },
        );
        Ok(Self(Arc::new(memory.make(KIND, head, 0, None)?)))
    }

    /// The barrier that another process has made there.
    ///
    /// # Errors
    /// As of [`Lock::attach`](super::Lock::attach).
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.find(KIND)?)))
    }

    /// Waits until all have come.
    ///
    /// # Errors
    /// The barrier is or gets broken, or is reset meanwhile.
    pub fn wait(&self) -> Result<Met, Broken> {
        self.wait_until(Deadline::after(None))
    }

    /// The same, but not longer than `limit`: then the barrier is broken, for all.
    ///
    /// ```
    /// use wirenut::time::Duration;
    /// let barrier = wirenut_linux::sync::Barrier::new(2)?;
    /// assert!(barrier.wait_timeout(Duration::from_millis(1)).is_err());
    /// assert!(barrier.is_broken()?);
    /// barrier.reset()?;
    /// assert!(!barrier.is_broken()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Self::wait`], or the time is over.
    pub fn wait_timeout(&self, limit: Duration) -> Result<Met, Broken> {
        self.wait_until(Deadline::after(Some(limit)))
    }

    fn wait_until(&self, deadline: Deadline) -> Result<Met, Broken> {
        let mut state = self.lock().map_err(|_| Broken)?;
        if state.broken != 0 {
            return Err(Broken);
        }
        let (round, open) = ((state.generation, state.resets), self.open());
        if state.arrived + 1 >= open.parties {
            state.generation = state.generation.wrapping_add(1);
            state.arrived = 0;
            drop(state);
            open.changed.notify_all();
            return Ok(Met { is_leader: true });
        }
        state.arrived += 1;
        drop(state);
        let found = open.changed.wait_until(deadline, || {
            let state = self.lock().map_err(|_| Broken)?;
            state.outcome(round)
        })?;
        found.map_or_else(|| self.give_up(round), Ok)
    }

    /// The time is over: all may have come at the last moment.
    fn give_up(&self, round: (u32, u32)) -> Result<Met, Broken> {
        let mut state = self.lock().map_err(|_| Broken)?;
        if let Some(met) = state.outcome(round)? {
            return Ok(met);
        }
        state.broken = 1;
        drop(state);
        self.open().changed.notify_all();
        Err(Broken)
    }

    /// Breaks the barrier: all that wait or come get [`Broken`], until it is reset.
    ///
    /// # Errors
    /// The system fails in a way that has no cure.
    pub fn abort(&self) -> Result<(), Error> {
        self.lock()?.broken = 1;
        self.open().changed.notify_all();
        Ok(())
    }

    /// Makes it as new. Whoever still waits gets [`Broken`]: it has not met the others.
    ///
    /// # Errors
    /// As of [`Self::abort`].
    pub fn reset(&self) -> Result<(), Error> {
        let mut state = self.lock()?;
        *state = State { arrived: 0, resets: state.resets.wrapping_add(1), broken: 0, ..*state };
        drop(state);
        self.open().changed.notify_all();
        Ok(())
    }

    /// Whether it is broken.
    ///
    /// # Errors
    /// As of [`Self::abort`].
    pub fn is_broken(&self) -> Result<bool, Error> {
        Ok(self.lock()?.broken != 0)
    }

    fn lock(&self) -> Result<Held<'_, State>, Error> {
        let failed = |errno| Error::plain("use a barrier", errno);
        let taken = self.0.head().0.lock(this_process(), None).map_err(failed)?;
        let (mut state, before) = taken.ok_or_else(|| failed(Errno::TIMEDOUT))?;
        if before == Before::Abandoned {
            // How many have come nobody knows: a holder may have died between two changes of it.
            state.broken = 1;
        }
        Ok(state)
    }

    fn open(&self) -> &Open {
        &self.0.head().1
    }
}

/// Its memory, to be passed to another process.
impl AsFd for Barrier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// All have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    is_leader: bool,
}

impl Met {
    /// True for one of them, the last that came: for what is to be done once.
    #[must_use]
    pub const fn is_leader(self) -> bool {
        self.is_leader
    }
}

/// Somebody did not come in time, or the barrier was [broken](Barrier::abort) or [reset](Barrier::reset) on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier is broken")
    }
}

impl core::error::Error for Broken {}

const KIND: &str = "a barrier";
