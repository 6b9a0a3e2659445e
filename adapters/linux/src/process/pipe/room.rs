//! Room for the longest message, lent by the thread.

use core::cell::Cell;

thread_local! {
    /// The system gives the pages of it when they are first written to, so what counts is the longest message that came.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// More than that is given back after each use.
const MAX_KEPT: usize = 1 << 20;

/// Lends so many bytes, of no certain content.
pub(super) fn with_room<R>(bytes: usize, receive: impl FnOnce(&mut [u8]) -> R) -> R {
    // A destructor of the thread may receive when the room is gone already.
    let mut room = ROOM.try_with(Cell::take).unwrap_or_default();
    if room.len() < bytes {
        room = vec![0; bytes];
    }
    let result = receive(&mut room[..bytes]);
    if room.len() <= MAX_KEPT {
        let _ = ROOM.try_with(|kept| kept.set(room));
    }
    result
}
