//! What is done when a process has died: its lock is taken over, its messages are given back, and the rings are made anew.

use core::sync::atomic::Ordering;

use rustix::io::Errno;

use super::super::super::identity::{Census, this_process};
use super::{Consuming, DEATHS, FREE, Producing, READY, Slots, TAKEN, broken};
use crate::error::Error;
use crate::sys::robust::{Before, Held};

impl Slots {
    /// Gives back what processes had taken that have died, and what they had put into a slot but not into the ring. True if
    /// there was any of the first.
    pub(in super::super) fn bury(&self) -> Result<bool, Error> {
        drop(self.producing()?);
        let consuming = self.consuming()?;
        let (mut found, mut census) = (false, Census::default());
        for slot in self.used() {
            let Some([state, owner, ..]) = self.place.elements().get(self.words_of(slot)) else { return Err(broken()) };
            if state.load(Ordering::Acquire) == TAKEN && !census.is_alive(owner.load(Ordering::Relaxed)) {
                self.orphan(slot);
                found = true;
            }
        }
        drop(consuming);
        if found {
            self.make_rings()?;
        }
        Ok(found)
    }

    /// Makes a message ready again: it keeps its sequence, so it comes before all that are newer.
    pub(super) fn orphan(&self, slot: usize) {
        if let Some([state, _, _, length, ..]) = self.place.elements().get(self.words_of(slot)) {
            self.open().is_stale.store(1, Ordering::Relaxed);
            // A process that dies here has it counted twice: one more chance is lost, and no message.
            length.fetch_add(1 << DEATHS, Ordering::Relaxed);
            state.store(READY, Ordering::Release);
        }
    }

    pub(super) fn producing(&self) -> Result<Held<'_, Producing>, Error> {
        loop {
            let (held, before) = taken(self.place.head().0.lock(this_process(), None))?;
            if self.is_fresh(before) {
                return Ok(held);
            }
            drop(held);
            self.make_rings()?;
        }
    }

    pub(super) fn consuming(&self) -> Result<Held<'_, Consuming>, Error> {
        loop {
            let (held, before) = taken(self.place.head().1.0.lock(this_process(), None))?;
            if self.is_fresh(before) {
                return Ok(held);
            }
            // Both locks are taken in one order by all.
            drop(held);
            self.make_rings()?;
        }
    }

    #[inline]
    fn is_fresh(&self, before: Before) -> bool {
        let is_stale = &self.open().is_stale;
        if before == Before::Abandoned {
            is_stale.store(1, Ordering::Relaxed);
        }
        is_stale.load(Ordering::Relaxed) == 0
    }

    /// Makes the rings say what the slots say. Whoever dies over it leaves them stale for the next one.
    #[cold]
    pub(super) fn make_rings(&self) -> Result<(), Error> {
        let (mut producing, _) = taken(self.place.head().0.lock(this_process(), None))?;
        let (consuming, _) = taken(self.place.head().1.0.lock(this_process(), None))?;
        let open = self.open();
        let (mut ready, mut free) = (Vec::new(), 0);
        for slot in self.used() {
            let Some([state, _, sequence, ..]) = self.place.elements().get(self.words_of(slot)) else {
                return Err(broken());
            };
            let state = state.load(Ordering::Acquire);
            if state == FREE {
                self.free_ring(free).store(slot as u64, Ordering::Relaxed);
                free += 1;
                continue;
            }
            let sequence = sequence.load(Ordering::Relaxed);
            // A producer that died behind its message has not counted it.
            producing.sequence = producing.sequence.max(sequence.saturating_add(1));
            if state == READY {
                ready.push((sequence, slot as u64));
            }
        }
        for slot in self.used().end..self.slots {
            self.free_ring(free).store(slot as u64, Ordering::Relaxed);
            free += 1;
        }
        ready.sort_unstable();
        for (index, (_, slot)) in ready.iter().enumerate() {
            self.ready_ring(index as u64).store(*slot, Ordering::Relaxed);
        }
        open.by_consumers.head.store(0, Ordering::Relaxed);
        open.by_producers.head.store(0, Ordering::Relaxed);
        open.by_producers.tail.store(ready.len() as u64, Ordering::Release);
        open.by_consumers.tail.store(free, Ordering::Release);
        open.remade.fetch_add(1, Ordering::Relaxed);
        open.is_stale.store(0, Ordering::Release);
        drop(consuming);
        drop(producing);
        // Ready or free: more than there were.
        open.items.notify_all();
        open.room.notify_all();
        Ok(())
    }

    /// If rings were made anew, has `tell` tell it to pollers: what those rings hold they may not have heard of.
    #[inline]
    pub(in super::super) fn tell_of_new_rings(&self, tell: impl FnOnce()) {
        let open = self.open();
        let remade = open.remade.load(Ordering::Acquire);
        if open.told.load(Ordering::Relaxed) != remade {
            tell();
            open.told.store(remade, Ordering::Release);
        }
    }
}

/// Both locks say the same way that they were taken.
#[inline]
fn taken<T>(taken: Result<Option<(Held<'_, T>, Before)>, Errno>) -> Result<(Held<'_, T>, Before), Error> {
    taken.and_then(|taken| taken.ok_or(Errno::TIMEDOUT)).map_err(failed)
}

#[cold]
fn failed(errno: Errno) -> Error {
    Error::plain("lock a queue", errno)
}
