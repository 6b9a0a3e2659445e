//! The memory that all connections of a worker share.

use std::collections::HashMap;

use wirenut::http::Limits;
use wirenut::time::Duration;
use wirenut_linux::connection::{Leftover, Memory, Next, Turn};

/// What one receive takes; what one send moves at most, and so what is kept for a peer that does not read. For a worker of many
/// connections: a message of 64 KiB, what frames it, and as much as a service is promised room for
/// ([`Limits::output_reserve`]), so that such a message needs one receive and one send.
pub(crate) const SHARED_BYTES: usize = (64 + 16) * 1024;

/// The same for a worker of one connection, of which there are as many as connections: as much as a service is promised. It has
/// [`SHARED_BYTES`] while its connection moves more at a time.
pub(crate) const ALONE_BYTES: usize = 16 * 1024;

/// After so long without an event, buffers that have grown are short again.
const GROWN_FOR: Duration = Duration::from_secs(1);

/// One input and one output buffer, and a place for heads that do not come whole: each connection uses them during its turn
/// only. And what its turn left, by slot: no connection leaves anything between two requests.
pub(crate) struct Buffers {
    input: Box<[u8]>,
    store: Box<[u8]>,
    output: Box<[u8]>,
    leftovers: HashMap<u32, Box<Leftover>>,
    /// How long the input and the output are in the beginning.
    bytes: usize,
}

impl Buffers {
    pub(crate) fn new(limits: &Limits, bytes: usize) -> Self {
        Self {
            input: vec![0; bytes].into_boxed_slice(),
            store: vec![0; limits.store_bytes()].into_boxed_slice(),
            output: vec![0; bytes].into_boxed_slice(),
            leftovers: HashMap::new(),
            bytes,
        }
    }

    /// All that a turn needs. `leftover` is what was [taken](Self::take) before.
    pub(crate) fn memory<'m>(&'m mut self, leftover: &'m mut Option<Box<Leftover>>) -> Memory<'m> {
        Memory { input: &mut self.input, store: &mut self.store, output: &mut self.output, leftover }
    }

    /// How much one receive takes.
    pub(crate) const fn input_bytes(&self) -> usize {
        self.input.len()
    }

    /// After a turn that left so many bytes unread: grows if that filled the input, or had to send too often.
    #[inline]
    pub(crate) fn adapt(&mut self, turn: &Turn, unread: usize) {
        if self.input.len() < SHARED_BYTES && (turn.next == Next::Again || turn.taken + unread >= self.input.len()) {
            self.resize(SHARED_BYTES);
        }
    }

    /// How long to wait for events, before the buffers [shrink](Self::shrink). None: they need not.
    #[inline]
    pub(crate) fn shrinks_after(&self) -> Option<Duration> {
        (self.input.len() > self.bytes && self.leftovers.is_empty()).then_some(GROWN_FOR)
    }

    /// Nothing has happened for a while: gives back what the buffers have grown by.
    #[cold]
    pub(crate) fn shrink(&mut self) {
        if self.shrinks_after().is_some() {
            self.resize(self.bytes);
        }
    }

    #[cold]
    fn resize(&mut self, bytes: usize) {
        // What was there goes first: both together are more than there ever need be.
        (self.input, self.output) = (Box::default(), Box::default());
        self.input = vec![0; bytes].into_boxed_slice();
        self.output = vec![0; bytes].into_boxed_slice();
    }

    /// What the connection in that slot left.
    #[cold]
    pub(crate) fn take(&mut self, slot: u32) -> Option<Box<Leftover>> {
        self.leftovers.remove(&slot)
    }

    /// The connection in that slot leaves this.
    #[cold]
    pub(crate) fn keep(&mut self, slot: u32, leftover: Box<Leftover>) {
        self.leftovers.insert(slot, leftover);
    }

    /// How many bytes the connection in that slot has received and not consumed.
    pub(crate) fn unread(&self, slot: u32) -> usize {
        self.leftovers.get(&slot).map_or(0, |leftover| leftover.unread())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(taken: usize, next: Next) -> Turn {
        Turn { taken, next }
    }

    #[test]
    fn grow_with_what_moves_and_shrink_when_nothing_does() {
        for (taken, unread, next, grows) in [
            (0, 0, Next::Wait, false),
            (ALONE_BYTES - 1, 0, Next::Wait, false),
            (ALONE_BYTES, 0, Next::Wait, true),
            (ALONE_BYTES - 10, 10, Next::Wait, true),
            (0, ALONE_BYTES, Next::Wait, true),
            (10, 0, Next::Again, true),
        ] {
            let mut buffers = Buffers::new(&Limits::DEFAULT, ALONE_BYTES);
            buffers.adapt(&turn(taken, next), unread);
            let expected = if grows { SHARED_BYTES } else { ALONE_BYTES };
            assert_eq!(buffers.input_bytes(), expected, "{taken} taken, {unread} unread, {next:?}");
            assert_eq!(buffers.output.len(), expected);
            assert_eq!(buffers.shrinks_after().is_some(), grows);
            buffers.shrink();
            assert_eq!((buffers.input.len(), buffers.output.len()), (ALONE_BYTES, ALONE_BYTES));
        }
    }

    #[test]
    fn stay_while_something_is_left_over() {
        let mut buffers = Buffers::new(&Limits::DEFAULT, ALONE_BYTES);
        buffers.adapt(&turn(0, Next::Again), 0);
        buffers.keep(7, Box::default());
        buffers.shrink();
        assert_eq!((buffers.shrinks_after(), buffers.input_bytes()), (None, SHARED_BYTES));
        assert!(buffers.take(7).is_some());
        buffers.shrink();
        assert_eq!(buffers.input_bytes(), ALONE_BYTES);
    }

    #[test]
    fn those_of_many_connections_stay_as_they_are() {
        let mut buffers = Buffers::new(&Limits::DEFAULT, SHARED_BYTES);
        buffers.adapt(&turn(SHARED_BYTES, Next::Again), 0);
        assert_eq!((buffers.input_bytes(), buffers.shrinks_after()), (SHARED_BYTES, None));
    }
}
