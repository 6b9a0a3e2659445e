//! The queue in memory: slots that hold messages, and two rings that say which are ready and which are free.
//!
//! *What a slot says of itself is the truth.* Every step is completed by one store to a slot's state: a message is in the
//! queue since its slot is [`READY`], taken since it is [`TAKEN`], done with since it is [`FREE`]. The rings only save the
//! search. A process that dies between the store and the ring leaves a lock abandoned, and whoever takes that next makes
//! the rings anew from the slots.
//!
//! Producers share one lock and consumers another, so that one of each go on side by side: of each ring, one side moves
//! the head and the other the tail.

mod recovery;
mod words;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use rustix::io::Errno;
use zerocopy::FromBytes;

use super::super::event_count::EventCount;
use super::super::identity::{number, this_process};
use super::super::memory::Memory;
use super::{Bounds, OnDeath};
use crate::error::Error;
use crate::sys::memory::{Object, Pair};
use crate::sys::robust::Robust;

use words::{read, write};

/// Empty, or being written.
const FREE: u64 = 0;
/// Holds a message that nobody has taken.
const READY: u64 = 1;
/// Holds a message of which its owner has a copy, and is not done.
const TAKEN: u64 = 2;

/// What a slot has before its message, in words: its state; the process that has taken it, which is set before the state;
/// which message it is, counted from the queue's beginning; its length in bytes, and above 32 bits how many consumers died
/// over it or gave it back.
const WORDS: usize = 4;
const DEATHS: u32 = 32;

const KIND: &str = "a queue";

/// The elements are the ring of ready slots, the ring of free slots, and the slots.
pub(super) type Place = Object<Pair<Robust<Producing>, Pair<Robust<Consuming>, Open>>, AtomicU64>;

/// Protected by the producers' lock.
#[derive(Debug, FromBytes)]
#[repr(C, align(64))]
pub(super) struct Producing {
    sequence: u64,
}

/// Behind the consumers' lock lies nothing: it protects what lies beside it. A line of cache of its own.
#[derive(Debug, Default, FromBytes)]
#[repr(C, align(64))]
pub(super) struct Consuming {
    nothing: u64,
}

/// What all see.
#[derive(Debug, FromBytes)]
#[repr(C)]
pub(super) struct Open {
    slots: u64,
    message_bytes: u64,
    /// How many may die over a message before it is reported; then it is given to the next.
    deaths: u32,
    /// The rings do not say what the slots say.
    is_stale: AtomicU32,
    /// How often the rings were made anew.
    remade: AtomicU32,
    /// Of which pollers have heard: whoever made them may have been killed before it told them.
    told: AtomicU32,
    pub(super) is_closed: AtomicU32,
    /// Somebody waits for messages, or for room, in a poller.
    pub(super) polls_items: AtomicU32,
    pub(super) polls_room: AtomicU32,
    /// No message has been in this slot, nor in any behind it.
    unused: AtomicU64,
    by_producers: Moved,
    by_consumers: Moved,
    pub(super) items: EventCount,
    pub(super) room: EventCount,
}

/// The ends of rings that one side moves: counts that never wrap around, and a line of cache for each side.
#[derive(Debug, FromBytes)]
#[repr(C, align(64))]
struct Moved {
    /// Of the ring that it fills.
    tail: AtomicU64,
    /// Of the ring that it empties.
    head: AtomicU64,
}

impl Moved {
    const fn from(tail: u64) -> Self {
        Self { tail: AtomicU64::new(tail), head: AtomicU64::new(0) }
    }
}

/// Whether the other side, which looks into a poller, has to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moves {
    /// It has not come to the end of what it knows.
    Quietly,
    /// It may have found nothing, just before.
    ForTheOther,
}

impl Moves {
    /// The ring was filled up to `tail`, and one more: has the other side emptied it up to there?
    #[inline]
    fn of(polls: &AtomicU32, head: &AtomicU64, tail: u64) -> Self {
        if polls.load(Ordering::Relaxed) == 0 {
            return Self::Quietly;
        }
        // The other side empties, and then looks at the tail; this one has moved the tail, and then looks at the head.
        fence(Ordering::SeqCst);
        if head.load(Ordering::Relaxed) >= tail { Self::ForTheOther } else { Self::Quietly }
    }
}

/// A message that this process has taken.
#[derive(Debug)]
pub(super) struct Took {
    pub(super) slot: usize,
    pub(super) sequence: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) deaths: u32,
    pub(super) is_lost: bool,
    /// The process that had it before.
    pub(super) former: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Slots {
    place: Place,
    slots: usize,
    message_bytes: usize,
    /// From one slot to the next, in words.
    stride: usize,
    /// Places in each ring: a power of two, so that a count is soon a place.
    ring: usize,
}

impl Slots {
    pub(super) fn make(memory: Memory, bounds: Bounds) -> Result<Self, Error> {
        let invalid = || Error::plain("make a queue", Errno::INVAL);
        let (slots, message_bytes) = (bounds.messages, bounds.message_bytes);
        if slots == 0 || slots > super::MAX_MESSAGES || message_bytes > super::MAX_MESSAGE_BYTES {
            return Err(invalid());
        }
        let deaths = match bounds.on_death {
            OnDeath::Report => 0,
            OnDeath::Redeliver { times } => times,
        };
        let open = Open {
            slots: slots as u64,
            message_bytes: message_bytes as u64,
            deaths,
            is_stale: AtomicU32::new(0),
            remade: AtomicU32::new(0),
            told: AtomicU32::new(0),
            is_closed: AtomicU32::new(0),
            polls_items: AtomicU32::new(0),
            polls_room: AtomicU32::new(0),
            unused: AtomicU64::new(0),
            by_producers: Moved::from(0),
            by_consumers: Moved::from(slots as u64),
            items: EventCount::default(),
            room: EventCount::default(),
        };
        let head = (Producing { sequence: 0 }, (Consuming::default(), open));
        let words = Self::words(slots, message_bytes).ok_or_else(invalid)?;
        let made = Self::of(memory.make(KIND, head, words, None)?);
        for slot in 0..slots {
            made.free_ring(slot as u64).store(slot as u64, Ordering::Relaxed);
        }
        Ok(made)
    }

    pub(super) fn attach(memory: Memory) -> Result<Self, Error> {
        let found = Self::of(memory.find(KIND)?);
        let words = Self::words(found.slots, found.message_bytes);
        if found.slots == 0 || found.slots > super::MAX_MESSAGES || words != Some(found.place.elements().len()) {
            return Err(Error::plain("attach to a queue", Errno::PROTO));
        }
        Ok(found)
    }

    fn of(place: Place) -> Self {
        let open = &place.head().1.1;
        let (slots, message_bytes) = (open.slots as usize, open.message_bytes as usize);
        // Nonsense that another process may have left is found by `attach`.
        let ring = slots.min(super::MAX_MESSAGES).next_power_of_two();
        Self { place, slots, message_bytes, stride: Self::stride(message_bytes), ring }
    }

    /// Whole lines of cache.
    const fn stride(message_bytes: usize) -> usize {
        message_bytes.div_ceil(8).saturating_add(WORDS).div_ceil(8).saturating_mul(8)
    }

    /// Of both rings and all slots.
    fn words(slots: usize, message_bytes: usize) -> Option<usize> {
        let rings = slots.checked_next_power_of_two()?.checked_mul(2)?;
        Self::stride(message_bytes).checked_mul(slots)?.checked_add(rings)
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn open(&self) -> &Open {
        &self.place.head().1.1
    }

    pub(super) const fn capacity(&self) -> usize {
        self.slots
    }

    pub(super) const fn message_bytes(&self) -> usize {
        self.message_bytes
    }

    /// How many messages are ready.
    pub(super) fn len(&self) -> usize {
        let head = self.open().by_consumers.head.load(Ordering::Acquire);
        let tail = self.open().by_producers.tail.load(Ordering::Acquire);
        (tail.saturating_sub(head) as usize).min(self.slots)
    }

    /// Whether a message may be ready: without a lock, so it may be late.
    #[inline]
    pub(super) fn seems_empty(&self) -> bool {
        let open = self.open();
        open.by_producers.tail.load(Ordering::Relaxed) == open.by_consumers.head.load(Ordering::Relaxed)
    }

    /// Whether no slot may be free: without a lock, so it may be late.
    #[inline]
    pub(super) fn seems_full(&self) -> bool {
        let open = self.open();
        open.by_consumers.tail.load(Ordering::Relaxed) == open.by_producers.head.load(Ordering::Relaxed)
    }

    /// Whether other processes have messages that they are not done with, and that may come back.
    pub(super) fn is_out(&self) -> bool {
        self.used().any(|slot| match self.place.elements().get(self.words_of(slot)) {
            Some([state, owner, ..]) => {
                state.load(Ordering::Acquire) == TAKEN && owner.load(Ordering::Relaxed) != this_process()
            }
            _ => false,
        })
    }

    /// Adds a message of at most [`Self::message_bytes`]: `None` if no slot is free.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<Option<Moves>, Error> {
        let mut producing = self.producing()?;
        let (open, words) = (self.open(), self.place.elements());
        let head = open.by_producers.head.load(Ordering::Relaxed);
        if head == open.by_consumers.tail.load(Ordering::Acquire) {
            return Ok(None);
        }
        let slot = self.free_ring(head).load(Ordering::Relaxed);
        let at = self.words_of(slot as usize);
        let Some([state, _, sequence, length, content @ ..]) = words.get(at) else { return Err(broken()) };
        if open.unused.load(Ordering::Relaxed) <= slot {
            open.unused.store(slot + 1, Ordering::Relaxed);
        }
        write(content, bytes);
        length.store(bytes.len() as u64, Ordering::Relaxed);
        sequence.store(producing.sequence, Ordering::Relaxed);
        producing.sequence = producing.sequence.saturating_add(1);
        // From here on it is in the queue.
        state.store(READY, Ordering::Release);
        open.by_producers.head.store(head + 1, Ordering::Release);
        let tail = open.by_producers.tail.load(Ordering::Relaxed);
        self.ready_ring(tail).store(slot, Ordering::Relaxed);
        open.by_producers.tail.store(tail + 1, Ordering::Release);
        Ok(Some(Moves::of(&open.polls_items, &open.by_consumers.head, tail)))
    }

    /// Takes the oldest message that is ready.
    pub(super) fn pop(&self) -> Result<Option<Took>, Error> {
        let consuming = self.consuming()?;
        let (open, words) = (self.open(), self.place.elements());
        let head = open.by_consumers.head.load(Ordering::Relaxed);
        if head == open.by_producers.tail.load(Ordering::Acquire) {
            return Ok(None);
        }
        let slot = self.ready_ring(head).load(Ordering::Relaxed) as usize;
        let at = self.words_of(slot);
        let Some([state, owner, sequence, length, content @ ..]) = words.get(at) else { return Err(broken()) };
        let former = owner.swap(this_process(), Ordering::Relaxed);
        // From here on it is ours.
        state.store(TAKEN, Ordering::Release);
        open.by_consumers.head.store(head + 1, Ordering::Release);
        drop(consuming);
        let length = length.load(Ordering::Relaxed);
        let deaths = (length >> DEATHS) as u32;
        Ok(Some(Took {
            slot,
            sequence: sequence.load(Ordering::Relaxed),
            bytes: read(content, length as u32 as usize),
            deaths,
            is_lost: deaths > open.deaths,
            former: (deaths != 0).then(|| number(former)),
        }))
    }

    /// Is done with a message: its slot is free. `None` if it is not this process's: a child that was forked with it.
    pub(super) fn free(&self, slot: usize, sequence: u64) -> Result<Option<Moves>, Error> {
        let _consuming = self.consuming()?;
        let Some(state) = self.taken(slot, sequence) else { return Ok(None) };
        state.store(FREE, Ordering::Release);
        let tail = self.open().by_consumers.tail.load(Ordering::Relaxed);
        let open = self.open();
        self.free_ring(tail).store(slot as u64, Ordering::Relaxed);
        open.by_consumers.tail.store(tail + 1, Ordering::Release);
        Ok(Some(Moves::of(&open.polls_room, &open.by_producers.head, tail)))
    }

    /// Gives a message back, as if its owner had died over it.
    pub(super) fn give_back(&self, slot: usize, sequence: u64) -> Result<bool, Error> {
        let consuming = self.consuming()?;
        let is_ours = self.taken(slot, sequence).is_some();
        if is_ours {
            self.orphan(slot);
        }
        drop(consuming);
        if is_ours {
            self.make_rings()?;
        }
        Ok(is_ours)
    }

    /// The state of a slot, if it holds that message and this process has taken it.
    fn taken(&self, slot: usize, expected: u64) -> Option<&AtomicU64> {
        let [state, owner, sequence, ..] = self.place.elements().get(self.words_of(slot))? else { return None };
        let is_ours = state.load(Ordering::Relaxed) == TAKEN
            && owner.load(Ordering::Relaxed) == this_process()
            && sequence.load(Ordering::Relaxed) == expected;
        is_ours.then_some(state)
    }

    /// The slots that a message has been in. To read in any other takes memory for it.
    fn used(&self) -> core::ops::Range<usize> {
        0..(self.open().unused.load(Ordering::Acquire) as usize).min(self.slots)
    }

    fn ready_ring(&self, count: u64) -> &AtomicU64 {
        &self.place.elements()[count as usize & (self.ring - 1)]
    }

    fn free_ring(&self, count: u64) -> &AtomicU64 {
        &self.place.elements()[self.ring + (count as usize & (self.ring - 1))]
    }

    const fn words_of(&self, slot: usize) -> core::ops::Range<usize> {
        let start = (2 * self.ring).saturating_add(slot.saturating_mul(self.stride));
        start..start.saturating_add(self.stride)
    }
}

/// Another process has scribbled into the memory.
#[cold]
fn broken() -> Error {
    Error::plain("use a queue", Errno::PROTO)
}

#[cfg(test)]
mod tests;
