//! The memory that all connections of a worker share.

use std::collections::HashMap;

use wirenut::http::Limits;
use wirenut_linux::connection::{Leftover, Memory};

/// What one receive takes; what one send moves at most, and so what is kept for a peer that does not read. For a worker of many
/// connections.
pub(crate) const SHARED_BYTES: usize = 64 * 1024;

/// The same for a worker of one connection, of which there are as many as connections: as much as a service is promised room
/// for ([`Limits::output_reserve`]).
pub(crate) const ALONE_BYTES: usize = 16 * 1024;

/// One input and one output buffer, and a place for heads that do not come whole: each connection uses them during its turn
/// only. And what its turn left, by slot: no connection leaves anything between two requests.
pub(crate) struct Buffers {
    input: Box<[u8]>,
    store: Box<[u8]>,
    output: Box<[u8]>,
    leftovers: HashMap<u32, Box<Leftover>>,
}

impl Buffers {
    pub(crate) fn new(limits: &Limits, bytes: usize) -> Self {
        Self {
            input: vec![0; bytes].into_boxed_slice(),
            store: vec![0; limits.store_bytes()].into_boxed_slice(),
            output: vec![0; bytes].into_boxed_slice(),
            leftovers: HashMap::new(),
        }
    }

    /// All that a turn needs. `leftover` is what was [taken](Self::take) before.
    pub(crate) fn memory<'m>(&'m mut self, leftover: &'m mut Option<Box<Leftover>>) -> Memory<'m> {
        Memory { input: &mut self.input, store: &mut self.store, output: &mut self.output, leftover }
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
