//! The table of connections.

use core::hash::{BuildHasher, Hasher};
use core::net::IpAddr;

use crate::tcp::segment::{Flags, Segment};
use crate::tcp::state::State;
use crate::tcp::tracker::end::EndFlags;
use crate::tcp::tracker::facts::Facts;
use crate::tcp::tracker::follow::follow;
use crate::tcp::tracker::key::Key;
use crate::tcp::tracker::slot::{NOWHERE, Slot, is_half_open, low_micros, low_millis};
use crate::tcp::tracker::{Anomalies, Anomaly, Connection, ConnectionId, Observed, Side, Sides};
use crate::time::Instant;

/// The limits of a tracker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// More connections than this that are half open are a flood: each SYN that begins one more is marked. By default
    /// 1,000.
    pub max_half_open: u32,
}

impl Policy {
    /// The values that suit most captures.
    pub const DEFAULT: Self = Self { max_half_open: 1_000 };
}

/// Follows connections from their segments: see [the module](super).
///
/// `S` is the memory: an array, a slice or a vector of slots. `H` hashes addresses and ports: where strangers choose them, it
/// must be keyed by something that they cannot know (as `std::hash::RandomState` is).
#[derive(Clone)]
pub struct Tracker<S, H> {
    slots: S,
    hasher: H,
    policy: Policy,
    /// Slots from here on were never used.
    unused: u32,
    /// The first of those that were used and are free.
    free: u32,
    /// Where the next search for a connection to evict begins.
    hand: u32,
    taken: u32,
    half_open: u32,
    ended: Option<Slot>,
}

/// Among so many slots a new connection evicts one.
const LOOKS: u32 = 16;

impl<S: AsRef<[Slot]> + AsMut<[Slot]>, H: BuildHasher> Tracker<S, H> {
    /// Follows nobody yet. What is in the slots is lost. More than 2^32 - 1 slots are not used.
    #[must_use]
    pub fn new(mut slots: S, hasher: H, policy: Policy) -> Self {
        slots.as_mut().fill(Slot::EMPTY);
        Self { slots, hasher, policy, unused: 0, free: NOWHERE, hand: 0, taken: 0, half_open: 0, ended: None }
    }

    /// A segment was captured: what it shows. It takes constant time, whatever the number of connections.
    ///
    /// `now` is the time of its capture, which may go back a little. Both addresses are of one version of IP; ports are
    /// the segment's.
    ///
    /// A segment of no known connection begins one: a SYN, or any other but a reset, for a capture may begin at any
    /// time. Where no slot is free, it evicts one of 16: one that is over, or else half open, or else has been silent for
    /// longest; see [`Self::take_ended`].
    #[inline]
    pub fn observe(&mut self, now: Instant, addresses: [IpAddr; 2], segment: &Segment<'_>) -> Observed {
        let facts = Facts::new(segment);
        if !facts.is_valid() {
            return Observed::of_none(Anomalies::NONE.with(Anomaly::InvalidFlags));
        }
        let (key, is_second) = Key::new(addresses, [segment.source_port(), segment.destination_port()]);
        let is_v6 = addresses[0].is_ipv6();
        let bucket = self.bucket(&key, is_v6);
        let mut anomalies = Anomalies::NONE;
        let found = self.find(bucket, &key, is_v6);
        let may_begin = facts.has(Flags::SYN) && !facts.has(Flags::RST);
        let is_old = |slot: &Slot| may_begin && begins_anew(slot, is_second, &facts);
        let known = found.filter(|index| !self.slot(*index).is_some_and(is_old));
        let (index, is_new) = match known {
            Some(index) => (index, false),
            None if facts.has(Flags::RST) && found.is_none() => return Observed::of_none(Anomalies::NONE),
            None => {
                let Some(index) = self.begin(now, bucket, found, key, is_v6, is_second, &facts) else {
                    return Observed::of_none(Anomalies::NONE);
                };
                let is_flood = facts.has(Flags::SYN) && self.half_open > self.policy.max_half_open;
                anomalies.add_if(is_flood, Anomaly::HalfOpenFlood);
                (index, true)
            }
        };
        let Some(slot) = self.slots.as_mut().get_mut(usize_of(index)) else {
            return Observed::of_none(Anomalies::NONE);
        };
        slot.last_seen = low_millis(now);
        let [sender, receiver] = slot.halves_mut(is_second);
        let before = [sender.state, receiver.state];
        let effect = follow(sender, receiver, &facts, low_micros(now));
        let states = [sender.state, receiver.state];
        let sender = if sender.end.has(EndFlags::CLIENT) { Side::Client } else { Side::Server };
        if states != before {
            self.count_half_open(is_half_open(before), is_half_open(states));
        }
        Observed {
            connection: Some(ConnectionId(index)),
            is_new,
            sender,
            order: effect.order,
            anomalies: effect.anomalies.and(anomalies),
            before: Sides::from_sender(sender, before),
            states: Sides::from_sender(sender, states),
            round_trip: effect.round_trip,
        }
    }

    /// The connection that gave way to the last new one, or ended before the last one between the same ends began. It is
    /// returned once, until the next call of [`Self::observe`] that begins a connection.
    pub fn take_ended(&mut self) -> Option<EndedConnection> {
        self.ended.take().map(|slot| EndedConnection { slot })
    }

    /// The connection of this slot, if there is one.
    #[must_use]
    pub fn connection(&self, id: ConnectionId) -> Option<Connection<'_>> {
        self.slot(id.0).filter(|slot| slot.is_taken()).map(Connection::new)
    }

    /// All connections, in the order of their slots.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Connection<'_>)> {
        let slots = self.slots.as_ref().iter().zip(0..);
        slots.filter(|(slot, _)| slot.is_taken()).map(|(slot, index)| (ConnectionId(index), Connection::new(slot)))
    }

    /// Forgets a connection: its slot is free.
    pub fn remove(&mut self, id: ConnectionId) {
        let Some(slot) = self.slot(id.0).filter(|slot| slot.is_taken()) else { return };
        let (key, is_v6, was_half_open) = (slot.key, slot.is_v6(), slot.is_half_open());
        self.count_half_open(was_half_open, false);
        self.unlink(id.0, &key, is_v6);
        let free = self.free;
        if let Some(slot) = self.slot_mut(id.0) {
            slot.clear();
            slot.next = free;
        }
        self.free = id.0;
        self.taken = self.taken.saturating_sub(1);
    }

    /// How many connections there are.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.taken
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// How many of them are half open.
    #[must_use]
    pub const fn half_open(&self) -> u32 {
        self.half_open
    }

    /// Are all slots taken, so that the next connection takes the place of another one?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.taken >= self.count()
    }

    /// The same connections, by the same ids, in these slots. What is in them is lost; and so are connections whose slots
    /// lie behind their end, where they are fewer.
    #[must_use]
    pub fn move_to<T: AsRef<[Slot]> + AsMut<[Slot]>>(self, mut slots: T) -> Tracker<T, H> {
        slots.as_mut().fill(Slot::EMPTY);
        for (to, from) in slots.as_mut().iter_mut().zip(self.slots.as_ref()) {
            *to = *from;
            to.head = NOWHERE;
        }
        let Self { hasher, policy, hand, ended, unused, .. } = self;
        let mut moved =
            Tracker { slots, hasher, policy, unused: 0, free: NOWHERE, hand, taken: 0, half_open: 0, ended };
        moved.unused = unused.min(moved.count());
        for index in 0..moved.unused {
            moved.settle(index);
        }
        moved
    }

    /// Counts a slot that was moved here, and puts it in its chain, or among the free ones.
    fn settle(&mut self, index: u32) {
        let taken = self.slot(index).filter(|slot| slot.is_taken());
        let Some((key, is_v6, is_half_open)) = taken.map(|slot| (slot.key, slot.is_v6(), slot.is_half_open())) else {
            let free = core::mem::replace(&mut self.free, index);
            if let Some(slot) = self.slot_mut(index) {
                slot.next = free;
            }
            return;
        };
        let bucket = self.bucket(&key, is_v6);
        self.link(index, bucket);
        self.taken = self.taken.saturating_add(1);
        self.count_half_open(false, is_half_open);
    }

    /// Begins a connection: in the slot of the one before between the same ends, or a free one, or that of an evicted one.
    #[expect(clippy::too_many_arguments, reason = "what `observe` knows by then")]
    #[cold]
    fn begin(
        &mut self,
        now: Instant,
        bucket: u32,
        same: Option<u32>,
        key: Key,
        is_v6: bool,
        is_second: bool,
        facts: &Facts,
    ) -> Option<u32> {
        self.ended = None;
        let index = match same {
            Some(index) => {
                self.end(index);
                index
            }
            None => {
                let index = self.room(now)?;
                self.link(index, bucket);
                self.taken = self.taken.saturating_add(1);
                index
            }
        };
        let is_answer = facts.has(Flags::SYN) && facts.has(Flags::ACK);
        let (client, server) = if facts.has(Flags::SYN) {
            (State::SynSent, State::Listen)
        } else {
            (State::Established, State::Established)
        };
        let is_whole = facts.has(Flags::SYN) && !is_answer;
        let is_client_second = is_second != is_answer;
        let slot = self.slot_mut(index)?;
        slot.begin(key, is_v6, is_client_second, is_whole, Sides { client, server });
        let is_half_open = slot.is_half_open();
        self.count_half_open(false, is_half_open);
        Some(index)
    }

    /// A slot that is in no chain.
    fn room(&mut self, now: Instant) -> Option<u32> {
        if let Some(next) = self.slot(self.free).map(|slot| slot.next) {
            return Some(core::mem::replace(&mut self.free, next));
        }
        if self.unused < self.count() {
            let index = self.unused;
            self.unused = self.unused.saturating_add(1);
            return Some(index);
        }
        let index = self.gives_way(now)?;
        let slot = self.slot(index)?;
        let (key, is_v6) = (slot.key, slot.is_v6());
        self.unlink(index, &key, is_v6);
        self.end(index);
        self.taken = self.taken.saturating_sub(1);
        Some(index)
    }

    /// Of the next few slots, all of which are taken.
    fn gives_way(&mut self, now: Instant) -> Option<u32> {
        let count = self.count();
        let start = self.hand.checked_rem(count)?;
        self.hand = start.saturating_add(LOOKS.min(count));
        let places = (start..count).chain(0..start).take(usize_of(LOOKS));
        places.max_by_key(|index| self.slot(*index).map(|slot| slot.rank(low_millis(now))))
    }

    /// Tells this connection as one that has ended.
    fn end(&mut self, index: u32) {
        self.ended = self.slot(index).copied();
        let was_half_open = self.ended.is_some_and(|slot| slot.is_half_open());
        self.count_half_open(was_half_open, false);
    }

    fn count_half_open(&mut self, before: bool, after: bool) {
        self.half_open = self.half_open.saturating_sub(before.into()).saturating_add(after.into());
    }

    fn find(&self, bucket: u32, key: &Key, is_v6: bool) -> Option<u32> {
        let mut index = self.slot(bucket)?.head;
        loop {
            let slot = self.slot(index)?;
            if slot.is_v6() == is_v6 && slot.key.is(key, is_v6) {
                return Some(index);
            }
            index = slot.next;
        }
    }

    fn link(&mut self, index: u32, bucket: u32) {
        let Some(bucket) = self.slot_mut(bucket) else { return };
        let head = core::mem::replace(&mut bucket.head, index);
        if let Some(slot) = self.slot_mut(index) {
            slot.next = head;
        }
    }

    /// Takes a slot out of the chain of its key.
    fn unlink(&mut self, index: u32, key: &Key, is_v6: bool) {
        let bucket = self.bucket(key, is_v6);
        let Some(behind) = self.slot(index).map(|slot| slot.next) else { return };
        let Some(head) = self.slot_mut(bucket).map(|slot| &mut slot.head) else { return };
        if *head == index {
            *head = behind;
            return;
        }
        let mut before = *head;
        while let Some(slot) = self.slot_mut(before) {
            if slot.next == index {
                slot.next = behind;
                return;
            }
            before = slot.next;
        }
    }

    /// The slot whose chain a key is in: the upper bits of the hash, spread over all slots.
    fn bucket(&self, key: &Key, is_v6: bool) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        key.hash(is_v6, &mut hasher);
        let high = hasher.finish().wrapping_shr(32);
        let scaled = high.wrapping_mul(self.count().into()).wrapping_shr(32);
        u32::try_from(scaled).unwrap_or(0)
    }

    fn count(&self) -> u32 {
        u32::try_from(self.slots.as_ref().len()).unwrap_or(NOWHERE)
    }

    fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.as_ref().get(usize_of(index))
    }

    fn slot_mut(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.as_mut().get_mut(usize_of(index))
    }
}

/// A connection that is no more in its slot.
#[derive(Clone, Copy)]
pub struct EndedConnection {
    slot: Slot,
}

impl EndedConnection {
    /// What was known of it.
    #[must_use]
    pub const fn connection(&self) -> Connection<'_> {
        Connection::new(&self.slot)
    }
}

/// A SYN that begins another connection between the same ends: the one before is over (RFC 9293 §3.6.1), or was never
/// answered and this is another attempt.
fn begins_anew(slot: &Slot, is_second: bool, facts: &Facts) -> bool {
    let [sender, receiver] = slot.halves(is_second);
    if facts.has(Flags::ACK) {
        let is_late_answer = !sender.end.has(EndFlags::KNOWN) && facts.acknowledgment == receiver.end.next;
        let is_again = sender.end.has(EndFlags::KNOWN) && facts.end == sender.end.next;
        return slot.is_over() && !is_late_answer && !is_again;
    }
    // Even the same SYN: where all is closed, whoever listens answers it (RFC 9293 figure 9).
    let is_again = sender.end.has(EndFlags::KNOWN) && facts.end == sender.end.next && !slot.is_closed();
    let was_unanswered = sender.state == State::SynSent && receiver.state == State::Listen;
    !is_again && (slot.is_over() || was_unanswered)
}

/// Where an index is wider than an address, there are no such slots.
fn usize_of(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
