//! Copies of what lies between two turns. Tests count their bytes.

#[cfg(test)]
use core::cell::Cell;

#[cfg(test)]
thread_local! {
    /// How many bytes this thread has copied.
    pub(super) static COPIED: Cell<usize> = const { Cell::new(0) };
}

/// Both have the same length.
pub(super) fn copy(from: &[u8], to: &mut [u8]) {
    count(from.len());
    to.copy_from_slice(from);
}

/// Copies `from` behind what is there.
pub(super) fn append(from: &[u8], to: &mut Vec<u8>) {
    count(from.len());
    to.extend_from_slice(from);
}

/// Moves all behind the first `start` bytes to the front.
pub(super) fn remove_front(start: usize, bytes: &mut Vec<u8>) {
    count(bytes.len().saturating_sub(start));
    bytes.drain(..start);
}

#[cfg(test)]
fn count(bytes: usize) {
    COPIED.set(COPIED.get() + bytes);
}

#[cfg(not(test))]
const fn count(_: usize) {}
