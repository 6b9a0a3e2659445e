//! Admission: how many connections there may be, and what happens to the next one.
//!
//! One state machine for a device with three slots and for a server with a hundred thousand. It knows slots by number,
//! and what the connection of each is doing, as far as that decides who gives way. Every call takes constant time.
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

use crate::time::{Duration, Instant};

/// A slot's place in the order of those who may give way. The caller provides one for each slot, and looks at none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    before: u32,
    after: u32,
    /// Which list it is in, and since which tick.
    since: Since,
}

/// No slot: the end of a list. Links and ends name a slot by the complement of its number, so that what is new is zero,
/// and needs no other bytes in flash than those that clear memory.
const NONE: u32 = 0;

impl Link {
    /// Of a slot that does not give way.
    pub const NEW: Self = Self { before: NONE, after: NONE, since: Since::BUSY };
}

/// A list, and a time in ticks of 1,024 µs, of which there are 30 bits that wrap around after 12 days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Since(u32);

impl Since {
    /// In no list.
    const BUSY: Self = Self(0);
    const LIST: u32 = 3;

    fn new(list: List, now: Instant) -> Self {
        let ticks = (now.as_micros() >> 10) << 2;
        // The bits beyond wrap around.
        Self(u32::try_from(ticks & u64::from(u32::MAX)).unwrap_or(0) | list.bits())
    }

    const fn list(self) -> Option<List> {
        match self.0 & Self::LIST {
            1 => Some(List::Lingering),
            2 => Some(List::Idle),
            3 => Some(List::Reading),
            _ => None,
        }
    }

    /// How long it is since then.
    fn age(self, now: Instant) -> Duration {
        let ticks = (Self::new(List::Lingering, now).0 >> 2).wrapping_sub(self.0 >> 2) & (u32::MAX >> 2);
        Duration::from_micros(u64::from(ticks) << 10)
    }
}

/// What a connection is doing, as far as that decides who gives way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Standing {
    /// It is in the middle of something, and does not give way.
    Busy,
    /// It is between two requests, and nothing of the next one has come.
    Idle,
    /// It waits for the rest of a request's head, or for the first request.
    Reading,
    /// All that it will ever send is sent; what the peer still sends is thrown away.
    Lingering,
}

/// Who may give way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum List {
    Lingering,
    Idle,
    Reading,
}

impl List {
    const fn bits(self) -> u32 {
        match self {
            Self::Lingering => 1,
            Self::Idle => 2,
            Self::Reading => 3,
        }
    }
}

/// The first and the last slot of a list. The first one is in it for longest.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

impl Ends {
    const NONE: Self = Self { first: NONE, last: NONE };
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
/// use wirenut::readiness::{Admission, Link, Policy, Standing, Verdict, WhenFull};
/// use wirenut::time::{Duration, Instant};
/// let policy = Policy { slots: 2, when_full: WhenFull::Refuse, ..Policy::DEFAULT };
/// let mut admission = Admission::new(policy, [Link::NEW; 2]);
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
pub struct Admission<L> {
    policy: Policy,
    links: L,
    taken: u32,
    lingering: Ends,
    idle: Ends,
    reading: Ends,
    /// Until when nobody comes in, because the host has run out of something. The start: it has not.
    recovers_at: Instant,
    is_draining: bool,
}

impl<L: AsRef<[Link]> + AsMut<[Link]>> Admission<L> {
    /// Nobody is in yet. `links` hold a [`Link::NEW`] for each slot that will be named.
    #[must_use]
    pub const fn new(policy: Policy, links: L) -> Self {
        Self {
            policy,
            links,
            taken: 0,
            lingering: Ends::NONE,
            idle: Ends::NONE,
            reading: Ends::NONE,
            recovers_at: Instant::START,
            is_draining: false,
        }
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
        self.remove(slot);
        let was_full = self.taken >= self.policy.slots || self.recovers_at != Instant::START;
        self.taken = self.taken.saturating_sub(1);
        self.recovers_at = Instant::START;
        was_full && !self.is_draining
    }

    /// What the connection of this slot is doing, as far as that decides who gives way. [`Standing::Idle`] counts from now
    /// on, also where it was idle before; the others count from the first call, until the slot is something else.
    #[inline]
    pub fn set_standing(&mut self, slot: u32, standing: Standing, now: Instant) {
        let list = match standing {
            Standing::Busy => return self.remove(slot),
            Standing::Idle => return self.put(slot, List::Idle, now),
            Standing::Reading => List::Reading,
            Standing::Lingering => List::Lingering,
        };
        if self.list(slot) != Some(list) {
            self.put(slot, list, now);
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
        if self.lingering.first != NONE {
            return Some((!self.lingering.first, now));
        }
        if !self.policy.evict_idle {
            return None;
        }
        let idle = self.left(self.idle, self.policy.min_idle, now);
        let reading = self.left(self.reading, self.policy.min_head, now);
        let (first, left) = if reading < idle { (self.reading.first, reading) } else { (self.idle.first, idle) };
        (first != NONE).then_some((!first, now.saturating_add(left)))
    }

    /// The storage, for a caller whose slots grow in number.
    pub const fn links_mut(&mut self) -> &mut L {
        &mut self.links
    }

    /// Who gives way now.
    fn gives_way(&self, now: Instant) -> Option<u32> {
        self.next_to_give_way(now).filter(|(_, due)| *due <= now).map(|(slot, _)| slot)
    }

    /// How long it is until the first one of a list may be closed; for ever, if it is empty.
    fn left(&self, ends: Ends, min: Duration, now: Instant) -> Duration {
        let first = usize::try_from(!ends.first).ok().and_then(|first| self.links.as_ref().get(first));
        let Some(link) = first else { return Duration::from_micros(u64::MAX) };
        // An age is counted in whole ticks: one more, lest a wait that ends in the middle of one is repeated.
        let left = match min.as_micros().saturating_sub(link.since.age(now).as_micros()) {
            0 => 0,
            left => left.saturating_add(1_024),
        };
        Duration::from_micros(left)
    }

    /// Puts a slot at the end of a list.
    fn put(&mut self, slot: u32, list: List, now: Instant) {
        let place = !slot;
        if self.ends(list).last != place {
            self.remove(slot);
            let before = self.ends(list).last;
            let Some(link) = self.link(place) else { return };
            *link = Link { before, after: NONE, since: Since::BUSY };
            match self.link(before) {
                Some(link) => link.after = place,
                None => self.ends(list).first = place,
            }
            self.ends(list).last = place;
        }
        if let Some(link) = self.link(place) {
            link.since = Since::new(list, now);
        }
    }

    /// Takes a slot out of its list: it does not give way.
    fn remove(&mut self, slot: u32) {
        let Some(link) = self.link(!slot) else { return };
        let Link { before, after, since } = *link;
        let Some(list) = since.list() else { return };
        *link = Link::NEW;
        match self.link(before) {
            Some(link) => link.after = after,
            None => self.ends(list).first = after,
        }
        match self.link(after) {
            Some(link) => link.before = before,
            None => self.ends(list).last = before,
        }
    }

    fn list(&mut self, slot: u32) -> Option<List> {
        self.link(!slot).and_then(|link| link.since.list())
    }

    const fn ends(&mut self, list: List) -> &mut Ends {
        match list {
            List::Lingering => &mut self.lingering,
            List::Idle => &mut self.idle,
            List::Reading => &mut self.reading,
        }
    }

    fn link(&mut self, place: u32) -> Option<&mut Link> {
        self.links.as_mut().get_mut(usize::try_from(!place).ok()?)
    }
}

#[cfg(test)]
mod tests;
