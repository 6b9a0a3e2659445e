//! Where connections live: slots in blocks, so that growing moves nothing and wastes little.

use wirenut::readiness;
use wirenut_linux::timers::{TimerLink, TimerLinks};

use crate::connection::Connection;

/// Slots of one block.
pub(crate) const BLOCK: u32 = 64;

/// No slot: the end of the list of free ones.
const NONE: u32 = u32::MAX;

/// A connection's name: its slot, and which of the connections that the slot has held. A name that was kept too long
/// names nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) slot: u32,
    generation: u32,
}

impl Token {
    #[cfg(test)]
    pub(crate) const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    pub(crate) const fn from_poller(token: readiness::Token) -> Self {
        let [a, b, c, d, e, f, g, h] = token.0.to_be_bytes();
        Self { generation: u32::from_be_bytes([a, b, c, d]), slot: u32::from_be_bytes([e, f, g, h]) }
    }

    pub(crate) fn for_poller(self) -> readiness::Token {
        readiness::Token(u64::from(self.generation) << 32 | u64::from(self.slot))
    }
}

enum Slot<T, L> {
    Free { next: u32, generation: u32 },
    Taken(Connection<T, L>),
}

/// All connections of a worker. Blocks that became free stay.
pub(crate) struct Slots<T, L = ()> {
    blocks: Vec<Box<[Slot<T, L>]>>,
    first_free: u32,
    taken: u32,
    /// That of free slots, which is in no list.
    unarmed: TimerLink,
}

impl<T, L> Slots<T, L> {
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new(), first_free: NONE, taken: 0, unarmed: TimerLink::NEW }
    }

    /// How many slots there are, free ones included.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.blocks.len()).unwrap_or(0) * BLOCK
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    pub(crate) fn insert(&mut self, connection: Connection<T, L>) -> Token {
        if self.first_free == NONE {
            self.grow();
        }
        let number = self.first_free;
        let slot = self.slot_mut(number);
        let Slot::Free { next, generation } = *slot else { unreachable!("a slot in the list of free ones is free") };
        *slot = Slot::Taken(Connection { generation, ..connection });
        self.first_free = next;
        self.taken += 1;
        Token { slot: number, generation }
    }

    /// The name of the connection that is inserted next.
    pub(crate) fn next_token(&mut self) -> Token {
        if self.first_free == NONE {
            self.grow();
        }
        let number = self.first_free;
        let generation = match self.slot_mut(number) {
            Slot::Free { generation, .. } => *generation,
            Slot::Taken(connection) => connection.generation,
        };
        Token { slot: number, generation }
    }

    /// Its timer must be disarmed.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Connection<T, L>> {
        let next = self.first_free;
        let slot = self.slot_mut(number);
        let Slot::Taken(Connection { generation, .. }) = slot else { return None };
        let generation = generation.wrapping_add(1);
        let before = core::mem::replace(slot, Slot::Free { next, generation });
        self.first_free = number;
        self.taken -= 1;
        match before {
            Slot::Taken(connection) => Some(connection),
            Slot::Free { .. } => None,
        }
    }

    /// The connection of that name, unless it is gone.
    pub(crate) fn get(&mut self, token: Token) -> Option<&mut Connection<T, L>> {
        match self.blocks.get_mut(block_of(token.slot))?.get_mut(index_of(token.slot))? {
            Slot::Taken(connection) if connection.generation == token.generation => Some(connection),
            Slot::Taken(_) | Slot::Free { .. } => None,
        }
    }

    /// The name of the connection in that slot, if there is one.
    pub(crate) fn token(&self, number: u32) -> Option<Token> {
        match self.blocks.get(block_of(number))?.get(index_of(number))? {
            Slot::Taken(connection) => Some(Token { slot: number, generation: connection.generation }),
            Slot::Free { .. } => None,
        }
    }

    /// Adds a block, and puts its slots into the list of free ones, the first one first.
    fn grow(&mut self) {
        let (start, end) = (self.count(), self.count() + BLOCK);
        let next = |number| if number + 1 == end { NONE } else { number + 1 };
        let slot = |number| Slot::Free { next: next(number), generation: 0 };
        self.blocks.push((start..end).map(slot).collect());
        self.first_free = start;
    }

    fn slot_mut(&mut self, number: u32) -> &mut Slot<T, L> {
        &mut self.blocks[block_of(number)][index_of(number)]
    }
}

impl<T, L> TimerLinks for Slots<T, L> {
    fn timer(&mut self, slot: u32) -> &mut TimerLink {
        let Self { blocks, unarmed, .. } = self;
        match &mut blocks[block_of(slot)][index_of(slot)] {
            Slot::Taken(connection) => &mut connection.timer,
            Slot::Free { .. } => unarmed,
        }
    }
}

const fn block_of(slot: u32) -> usize {
    (slot / BLOCK) as usize
}

const fn index_of(slot: u32) -> usize {
    (slot % BLOCK) as usize
}

/// All that a connection costs which keeps this, beside its links in the lists of idle ones: state, descriptor, name, and
/// links of the timer.
#[cfg(test)]
pub(crate) const fn slot_bytes<T>() -> usize {
    size_of::<Slot<T, ()>>()
}
