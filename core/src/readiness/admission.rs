//! Admission: how many connections there may be, and what happens to the next one.
//!
//! One law for a device with three slots and for a server with a hundred thousand. It knows slots by number, and what the
//! connection of each is doing, as far as that decides who gives way. A server keeps that in [`Lists`], where every call
//! takes constant time; a device in an array, and looks through it.
//!
//! The law, where there is no room for one more:
//!
//! 1. Who lingers gives way first: all that it asked for is sent.
//! 2. Then whoever has been idle for longest, if that is for [`Policy::min_idle`] at least. A connection in use is idle
//!    between any two requests: so without such a bound, more clients than slots make a server close connections all the
//!    time instead of answering.
//! 3. Then whoever has sent a part of a head for longest, if that is for [`Policy::min_head`] at least.
//! 4. Otherwise nobody, and the newcomer waits or is refused.
//!
//! Whoever closes a connection by this law makes sure first that no request of it waits unread.

mod lists;
mod standings;

use crate::time::{Duration, Instant};

pub use lists::{Link, Lists};
use standings::{Order, Waits};
pub use standings::{Since, Standing, Standings};

/// What to do with a connection when all slots are taken and none may be freed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// Leave it in the queue of the stack, until a slot is free. For stacks that have a queue.
    Queue,
    /// Answer 503 and close. The host needs the means to do that beyond its slots.
    Refuse,
}

/// How connections are admitted.
///
/// ```
/// use wirenut::readiness::Policy;
/// use wirenut::time::Duration;
/// const POLICY: Policy = Policy { slots: 4, ..Policy::DEFAULT };
/// assert_eq!((POLICY.min_idle, POLICY.min_head), (Duration::from_secs(1), Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How many connections there may be. By default there is no bound.
    pub slots: u32,
    /// Close idle connections, and those whose heads do not come, to make room. By default it is so.
    pub evict_idle: bool,
    /// How long a connection must have been idle to be closed for another one. By default 1 s.
    pub min_idle: Duration,
    /// How long a connection must have sent a part of a head, and not the rest, to be closed for another one. By default
    /// 2 s.
    pub min_head: Duration,
    /// How long a handshake may take, where the host holds its own half-open connections: a stack without a queue loses a
    /// socket to each. By default 4 s: a host sends its half at once, after 1 s and after 3 s (RFC 6298), so the first two
    /// may be lost on a way that takes less than 1 s.
    pub handshake: Duration,
    /// What happens when there is no room. By default the newcomer queues.
    pub when_full: WhenFull,
}

/// How long a handshake is safe from those who come after it: what the first retransmission waits for (RFC 6298 §2.1).
const HANDSHAKE_SHARE: Duration = Duration::from_secs(1);

impl Policy {
    /// The values that suit most servers.
    pub const DEFAULT: Self = Self {
        slots: u32::MAX,
        evict_idle: true,
        min_idle: Duration::from_secs(1),
        min_head: Duration::from_secs(2),
        handshake: Duration::from_secs(4),
        when_full: WhenFull::Queue,
    };

    /// How long whoever gives way may take to acknowledge the end of our direction, before it is reset: 2 s, so that it may
    /// be sent twice (RFC 6298 §2.1). Whoever has acknowledged it is gone at once. So it is also with those who were refused,
    /// where nobody listens any more: on a stack without a queue each of them takes a socket.
    pub const LEAVING_TIME: Duration = Duration::from_secs(2);

    /// When a handshake that began at `since` is to be given up, if it is not complete by then. `is_listening`: somebody
    /// else who comes now is heard. If not, the oldest one gives way after 1 s, whether or not idle connections do: so
    /// handshakes that nobody ends keep others out for no longer.
    ///
    /// ```
    /// use wirenut::readiness::Policy;
    /// use wirenut::time::Instant;
    /// let end = |is_listening| Policy::DEFAULT.handshake_end(Instant::START, is_listening);
    /// assert_eq!((end(true), end(false)), (Instant::from_micros(4_000_000), Instant::from_micros(1_000_000)));
    /// ```
    #[must_use]
    pub fn handshake_end(&self, since: Instant, is_listening: bool) -> Instant {
        let time = if is_listening { self.handshake } else { self.handshake.min(HANDSHAKE_SHARE) };
        since.saturating_add(time)
    }
}

/// What to do with a connection that has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Take it in: it counts from now on.
    Admit,
    /// Close this slot first ([`Admission::release`] it), then ask again. If a request waits unread there, do not close it
    /// but call [`Admission::set_standing`] with what it is doing, and ask again.
    Evict(u32),
    /// Leave it where it is, and ask again after a release, or at [`Admission::poll_timeout`].
    Queue,
    /// Answer 503 and close.
    Refuse,
    /// Close it without a word: the server is shutting down.
    Close,
}

/// How long nobody comes in after the host has run out of something, unless a connection is released before.
const RECOVERY: Duration = Duration::from_millis(100);

/// Decides which connections are served.
///
/// ```
/// use wirenut::readiness::{Admission, Policy, Since, Standing, Verdict, WhenFull};
/// use wirenut::time::{Duration, Instant};
/// let policy = Policy { slots: 2, when_full: WhenFull::Refuse, ..Policy::DEFAULT };
/// let mut admission = Admission::new(policy, [Since::BUSY; 2]);
/// let now = Instant::START;
/// assert_eq!(admission.arrive(now), Verdict::Admit); // say, into slot 0
/// assert_eq!(admission.arrive(now), Verdict::Admit); // and slot 1
/// admission.set_standing(1, Standing::Idle, now);
/// assert_eq!(admission.arrive(now), Verdict::Refuse); // it has only just become idle
///
/// let later = now.saturating_add(Duration::from_secs(2));
/// assert_eq!(admission.arrive(later), Verdict::Evict(1));
/// admission.release(1);
/// assert_eq!(admission.arrive(later), Verdict::Admit);
/// ```
#[derive(Clone, Debug)]
pub struct Admission<S> {
    policy: Policy,
    waits: Waits,
    slots: S,
    taken: u32,
    /// Until when nobody comes in, because the host has run out of something. The start: it has not.
    recovers_at: Instant,
    is_draining: bool,
}

impl<S: Standings> Admission<S> {
    /// Nobody is in yet. `slots` hold a place for each slot that will be named: an array of [`Since::BUSY`] where there are
    /// few, [`Lists`] where there are many.
    #[must_use]
    pub const fn new(policy: Policy, slots: S) -> Self {
        let (idle, head) =
            if policy.evict_idle { (Some(policy.min_idle), Some(policy.min_head)) } else { (None, None) };
        Self { policy, waits: Waits::new(idle, head), slots, taken: 0, recovers_at: Instant::START, is_draining: false }
    }

    /// A connection has come. If it is admitted, it counts from now on.
    #[must_use]
    pub fn arrive(&mut self, now: Instant) -> Verdict {
        let verdict = self.verdict(now);
        if verdict == Verdict::Admit {
            self.taken = self.taken.saturating_add(1);
        }
        verdict
    }

    /// What [`Self::arrive`] would say to a connection that comes now: for a host that must know before it accepts.
    #[must_use]
    pub fn verdict(&mut self, now: Instant) -> Verdict {
        if self.is_draining {
            return Verdict::Close;
        }
        if self.recovers_at > now {
            return Verdict::Queue;
        }
        self.recovers_at = Instant::START;
        if self.taken < self.policy.slots {
            return Verdict::Admit;
        }
        match (self.gives_way(now), self.policy.when_full) {
            (Some(slot), _) => Verdict::Evict(slot),
            (None, WhenFull::Queue) => Verdict::Queue,
            (None, WhenFull::Refuse) => Verdict::Refuse,
        }
    }

    /// The host has run out of something that a connection needs, and somebody waits. Some: close this slot as after
    /// [`Verdict::Evict`], and try again. None: nobody gives way, and nobody comes in until a release, or for 100 ms.
    #[must_use]
    pub fn exhausted(&mut self, now: Instant) -> Option<u32> {
        let slot = self.gives_way(now);
        if slot.is_none() {
            self.recovers_at = now.saturating_add(RECOVERY);
        }
        slot
    }

    /// When time alone may turn [`Verdict::Queue`] into another one, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        if self.recovers_at != Instant::START {
            return Some(self.recovers_at);
        }
        if self.taken < self.policy.slots {
            return Some(now);
        }
        self.next_to_give_way(now).map(|(_, due)| due)
    }

    /// The connection of this slot is gone. True if somebody who was told to queue can come in now.
    pub fn release(&mut self, slot: u32) -> bool {
        self.slots.set(slot, Since::BUSY);
        let was_full = self.taken >= self.policy.slots || self.recovers_at != Instant::START;
        self.taken = self.taken.saturating_sub(1);
        self.recovers_at = Instant::START;
        was_full && !self.is_draining
    }

    /// What the connection of this slot is doing, as far as that decides who gives way. [`Standing::Idle`] counts from now
    /// on, also where it was idle before; the others count from the first call, until the slot is something else.
    pub fn set_standing(&mut self, slot: u32, standing: Standing, now: Instant) {
        if standing == Standing::Idle || standing != self.slots.since(slot).standing() {
            self.slots.set(slot, Since::new(standing, now));
        }
    }

    /// From now on there may be so many: for hosts that share slots among several machines of this kind.
    pub const fn set_slots(&mut self, slots: u32) {
        self.policy.slots = slots;
    }

    /// How connections are admitted.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
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

    /// Who gives way next, and from when on, if nothing happens before: for a host that makes room before somebody comes.
    #[must_use]
    pub fn next_to_give_way(&self, now: Instant) -> Option<(u32, Instant)> {
        let (mut first, mut order) = (0, Order::NEVER);
        for (slot, since) in self.slots.candidates() {
            let next = since.order(&self.waits, now);
            if next < order {
                (first, order) = (slot, next);
            }
        }
        Some((first, now.saturating_add(order.left()?)))
    }

    /// What the connections of slots are doing, for a host that needs more slots.
    pub const fn slots_mut(&mut self) -> &mut S {
        &mut self.slots
    }

    fn gives_way(&self, now: Instant) -> Option<u32> {
        self.next_to_give_way(now).filter(|(_, due)| *due <= now).map(|(slot, _)| slot)
    }
}

#[cfg(test)]
mod tests;
