//! Plain data that processes share.

use alloc::sync::Arc;
use core::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};

use super::memory::{Memory, Plain};
use crate::error::Error;
use crate::sys::memory::Object;

/// A value in memory that processes share: whoever has it sees the same.
///
/// It is read through `Deref`. What changes in it is atomic; what must change as a whole lies in a [`Lock`](super::Lock).
/// All clones are the same value. It is not dropped: the memory goes with the last process that has it.
///
/// ```
/// use core::sync::atomic::{AtomicU64, Ordering};
/// use wirenut_linux::process;
/// use wirenut_linux::sync::Shared;
///
/// let hits = Shared::new(AtomicU64::new(0))?;
/// let child = process::spawn({
///     let hits = hits.clone();
///     move || { hits.fetch_add(1, Ordering::Relaxed); }
/// })?;
/// child.join()?;
/// assert_eq!(hits.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Shared<T: Plain>(Arc<Object<T, ()>>);

impl<T: Plain> Shared<T> {
    /// A value in memory without a name.
    ///
    /// # Errors
    /// There is no memory, or no descriptor.
    pub fn new(value: T) -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?, value)
    }

    /// A value in memory of the caller's choice.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new_in(memory: Memory, value: T) -> Result<Self, Error> {
        Self::make(memory, KIND, value)
    }

    /// The value that another process has made there. It must be of the same type: what can be checked is its size.
    ///
    /// # Errors
    /// It holds something else ([`InvalidData`](std::io::ErrorKind::InvalidData)), or is not finished
    /// ([`WouldBlock`](std::io::ErrorKind::WouldBlock)).
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Self::find(memory, KIND)
    }

    /// Something that is a value, and has a name of its own.
    pub(super) fn make(memory: Memory, kind: &'static str, value: T) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.make(kind, value, 0, None)?)))
    }

    pub(super) fn find(memory: Memory, kind: &'static str) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.find(kind)?)))
    }
}

impl<T: Plain> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Plain> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.head()
    }
}

/// Its memory, to be passed to another process.
impl<T: Plain> AsFd for Shared<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// As many values as wanted, in memory that processes share: a [`Shared`] whose length is chosen at run time.
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use wirenut_linux::sync::SharedSlice;
///
/// let loads = SharedSlice::new(4, |_| AtomicU32::new(0))?;
/// loads[2].store(7, Ordering::Relaxed);
/// assert_eq!(loads.iter().map(|load| load.load(Ordering::Relaxed)).sum::<u32>(), 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SharedSlice<T: Plain>(Arc<Object<(), T>>);

impl<T: Plain> SharedSlice<T> {
    /// As many values, made by `value` from their places, in memory without a name.
    ///
    /// # Errors
    /// There is no memory for so many, or no descriptor.
    pub fn new(length: usize, value: impl FnMut(usize) -> T) -> Result<Self, Error> {
        Self::new_in(Memory::anonymous()?, length, value)
    }

    /// The same, in memory of the caller's choice.
    ///
    /// # Errors
    /// There is no memory for so many.
    pub fn new_in(memory: Memory, length: usize, mut value: impl FnMut(usize) -> T) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.make(SLICE, (), length, Some(&mut value))?)))
    }

    /// The values that another process has made there, of the same type (of which the size is checked); their number is found in
    /// the memory.
    ///
    /// # Errors
    /// As of [`Shared::attach`].
    pub fn attach(memory: Memory) -> Result<Self, Error> {
        Ok(Self(Arc::new(memory.find(SLICE)?)))
    }
}

impl<T: Plain> Clone for SharedSlice<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Plain> Deref for SharedSlice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.elements()
    }
}

/// Its memory, to be passed to another process.
impl<T: Plain> AsFd for SharedSlice<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const KIND: &str = "a shared value";
const SLICE: &str = "a shared slice";
