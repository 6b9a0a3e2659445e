//! Admission: how many connections there may be, and what happens to the next one.
//!
//! One state machine for a device with three slots and for a server with a hundred thousand. It knows slots by number,
//! and keeps those that are idle (between two requests) in the order in which they became so, in links that lie in the
//! caller's storage. Every call takes constant time.

/// A slot's place among the idle ones. The caller provides one for each slot, and looks at none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    before: u32,
    after: u32,
}

/// No slot: the end of the list.
const NONE: u32 = u32::MAX;
/// Not in the list.
const BUSY: u32 = u32::MAX - 1;

impl Link {
    /// Of a slot that is not idle.
    pub const NEW: Self = Self { before: BUSY, after: BUSY };
}

/// What to do with a connection when all slots are taken and none may be freed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// Leave it in the queue of the stack, until a slot is free. For stacks that have a queue.
    Queue,
    /// Answer 503 and close. The host needs the means to do that beyond its slots.
    Refuse,
}

/// How connections are admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How many connections there may be.
    pub slots: u32,
    /// Close the connection that has been idle for longest, to make room.
    pub evict_idle: bool,
    /// What happens when there is no room.
    pub when_full: WhenFull,
}

/// What to do with a connection that has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Take it in: it counts from now on.
    Admit,
    /// Close this slot first ([`Admission::release`] it), then ask again.
    Evict(u32),
    /// Leave it where it is, and ask again after a release.
    Queue,
    /// Answer 503 and close.
    Refuse,
    /// Close it without a word: the server is shutting down.
    Close,
}

/// Decides which connections are served.
///
/// ```
/// use wirenut::readiness::{Admission, Link, Policy, Verdict, WhenFull};
/// let policy = Policy { slots: 2, evict_idle: true, when_full: WhenFull::Refuse };
/// let mut admission = Admission::new(policy, [Link::NEW; 2]);
/// assert_eq!(admission.arrive(), Verdict::Admit); // say, into slot 0
/// assert_eq!(admission.arrive(), Verdict::Admit); // and slot 1
/// assert_eq!(admission.arrive(), Verdict::Refuse);
/// admission.set_idle(1);
/// assert_eq!(admission.arrive(), Verdict::Evict(1));
/// admission.release(1);
/// assert_eq!(admission.arrive(), Verdict::Admit);
/// ```
#[derive(Clone, Debug)]
pub struct Admission<L> {
    policy: Policy,
    links: L,
    taken: u32,
    longest_idle: u32,
    latest_idle: u32,
    is_draining: bool,
}

impl<L: AsRef<[Link]> + AsMut<[Link]>> Admission<L> {
    /// Nobody is in yet. `links` hold a [`Link::NEW`] for each slot that will be named.
    #[must_use]
    pub const fn new(policy: Policy, links: L) -> Self {
        Self { policy, links, taken: 0, longest_idle: NONE, latest_idle: NONE, is_draining: false }
    }

    /// A connection has come. If it is admitted, it counts from now on.
    #[must_use]
    pub fn arrive(&mut self) -> Verdict {
        let verdict = self.verdict();
        if verdict == Verdict::Admit {
            self.taken = self.taken.saturating_add(1);
        }
        verdict
    }

    /// What [`Self::arrive`] would say to a connection that comes now: for a host that must know before it accepts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.is_draining {
            return Verdict::Close;
        }
        if self.taken < self.policy.slots {
            return Verdict::Admit;
        }
        match (self.longest_idle(), self.policy.when_full) {
            (Some(slot), _) if self.policy.evict_idle => Verdict::Evict(slot),
            (_, WhenFull::Queue) => Verdict::Queue,
            (_, WhenFull::Refuse) => Verdict::Refuse,
        }
    }

    /// The connection of this slot is gone. True if somebody who was told to queue can come in now.
    pub fn release(&mut self, slot: u32) -> bool {
        self.set_busy(slot);
        let was_full = self.taken >= self.policy.slots;
        self.taken = self.taken.saturating_sub(1);
        was_full && !self.is_draining
    }

    /// The connection of this slot is between two requests, from now on (again, if it was before).
    pub fn set_idle(&mut self, slot: u32) {
        if self.latest_idle == slot {
            return;
        }
        self.set_busy(slot);
        let before = self.latest_idle;
        let Some(link) = self.link(slot) else { return };
        *link = Link { before, after: NONE };
        match self.link(before) {
            Some(link) => link.after = slot,
            None => self.longest_idle = slot,
        }
        self.latest_idle = slot;
    }

    /// The connection of this slot is in the middle of something.
    pub fn set_busy(&mut self, slot: u32) {
        let Some(link) = self.link(slot) else { return };
        let Link { before, after } = *link;
        if before == BUSY {
            return;
        }
        *link = Link::NEW;
        match self.link(before) {
            Some(link) => link.after = after,
            None => self.longest_idle = after,
        }
        match self.link(after) {
            Some(link) => link.before = before,
            None => self.latest_idle = before,
        }
    }

    /// Nobody comes in any more.
    pub const fn drain(&mut self) {
        self.is_draining = true;
    }

    /// Has [`Self::drain`] been called?
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// How many are in.
    #[must_use]
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    /// The slot that has been idle for longest.
    #[must_use]
    pub fn longest_idle(&self) -> Option<u32> {
        (self.longest_idle != NONE).then_some(self.longest_idle)
    }

    /// The storage, for a caller whose slots grow in number.
    pub const fn links_mut(&mut self) -> &mut L {
        &mut self.links
    }

    fn link(&mut self, slot: u32) -> Option<&mut Link> {
        self.links.as_mut().get_mut(usize::try_from(slot).ok()?)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    const POLICY: Policy = Policy { slots: 3, evict_idle: true, when_full: WhenFull::Queue };

    fn full() -> Admission<[Link; 3]> {
        let mut admission = Admission::new(POLICY, [Link::NEW; 3]);
        for _ in 0..3 {
            assert_eq!(admission.arrive(), Verdict::Admit);
        }
        admission
    }

    #[test]
    fn the_longest_idle_goes_first_and_use_makes_young() {
        let mut admission = full();
        assert_eq!(admission.arrive(), Verdict::Queue);
        for slot in [2, 0, 1] {
            admission.set_idle(slot);
        }
        assert_eq!(admission.arrive(), Verdict::Evict(2));
        admission.set_idle(2);
        assert_eq!(admission.arrive(), Verdict::Evict(0));
        admission.set_busy(0);
        assert_eq!(admission.arrive(), Verdict::Evict(1));
        assert!(admission.release(1));
        assert_eq!(admission.arrive(), Verdict::Admit);
        assert_eq!(admission.arrive(), Verdict::Evict(2));
    }

    #[test]
    fn a_drained_server_admits_nobody() {
        let mut admission = full();
        admission.drain();
        assert_eq!(admission.arrive(), Verdict::Close);
        assert!(!admission.release(0));
        assert_eq!((admission.taken(), admission.arrive()), (2, Verdict::Close));
    }

    #[test]
    fn slots_without_a_link_do_no_harm() {
        let mut admission = full();
        admission.set_idle(7);
        admission.set_busy(7);
        assert_eq!(admission.longest_idle(), None);
    }

    /// Every sequence of five operations on three slots agrees with a plain list.
    #[test]
    fn the_list_agrees_with_a_naive_one() {
        for mut sequence in 0..6_u32.pow(5) {
            let mut admission = full();
            let mut naive = Vec::new();
            for _ in 0..5 {
                let (slot, becomes_idle) = (sequence % 3, sequence / 3 % 2 == 0);
                sequence /= 6;
                naive.retain(|&idle| idle != slot);
                if becomes_idle {
                    naive.push(slot);
                    admission.set_idle(slot);
                } else {
                    admission.set_busy(slot);
                }
                assert_eq!(admission.longest_idle(), naive.first().copied());
            }
        }
    }
}
