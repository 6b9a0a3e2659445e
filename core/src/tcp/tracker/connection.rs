//! A connection, as far as it is known.

use core::net::SocketAddr;

use crate::tcp::SequenceNumber;
use crate::tcp::state::State;
use crate::tcp::tracker::end::EndFlags;
use crate::tcp::tracker::slot::Slot;
use crate::tcp::tracker::{Side, Sides};

/// Which of the tracker's slots a connection is in. Another connection may be there later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectionId(pub(super) u32);

impl ConnectionId {
    /// The number of the slot: below their count.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// What is known of a connection.
#[derive(Clone, Copy)]
pub struct Connection<'t> {
    slot: &'t Slot,
}

impl<'t> Connection<'t> {
    pub(super) const fn new(slot: &'t Slot) -> Self {
        Self { slot }
    }

    /// The addresses of both ends.
    #[must_use]
    pub fn addresses(&self) -> Sides<SocketAddr> {
        self.slot.addresses()
    }

    /// The states of both ends.
    #[must_use]
    pub fn states(&self) -> Sides<State> {
        self.slot.states()
    }

    /// Was its first SYN captured? Otherwise it was picked up on its way, and who is the client is a guess.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.slot.is_whole()
    }

    /// Will nothing more come but stragglers? Both ends are CLOSED or in TIME-WAIT.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.slot.is_over()
    }

    /// The number behind the last one that this end has sent. None: nothing of it was captured.
    #[must_use]
    pub fn next_sequence(&self, side: Side) -> Option<SequenceNumber> {
        let end = self.slot.sides().of(side).end;
        end.has(EndFlags::KNOWN).then_some(end.next)
    }

    /// How many numbers this end has sent that the other has not acknowledged.
    #[must_use]
    pub fn unacknowledged(&self, side: Side) -> u32 {
        let [end, other] = [side, side.other()].map(|side| self.slot.sides().of(side).end);
        if other.has(EndFlags::ACKS) && end.has(EndFlags::KNOWN) { end.next.since(other.received) } else { 0 }
    }
}
