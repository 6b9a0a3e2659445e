//! The memory of one connection.

use core::net::SocketAddr;

use crate::tcp::SequenceNumber;
use crate::tcp::state::State;
use crate::tcp::tracker::Sides;
use crate::tcp::tracker::end::{End, EndFlags};
use crate::tcp::tracker::follow::{Half, MAX_SCALE};
use crate::tcp::tracker::key::Key;
use crate::time::Instant;

/// Room for one connection, which the caller gives: 128 bytes.
///
/// ```
/// use wirenut::tcp::tracker::Slot;
/// let slots = [Slot::EMPTY; 16];
/// assert_eq!(size_of_val(&slots), 2_048);
/// ```
#[derive(Clone, Copy)]
// Where the processor has lines of 64 bytes, a slot lies in two of them, and not in three.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub struct Slot {
    pub(super) key: Key,
    /// Where the chain begins of those whose hash is the number of this slot. It has nothing to do with what else is here.
    pub(super) head: u32,
    /// The next one of the chain that this one is in, or of the free ones.
    pub(super) next: u32,
    /// In milliseconds that wrap around.
    pub(super) last_seen: u32,
    /// In the order of the key. One of them is the client, if there is a connection.
    halves: [Half; 2],
}

/// No slot.
pub(super) const NOWHERE: u32 = u32::MAX;

const NEW: Half = Half {
    end: End {
        next: SequenceNumber::new(0),
        contiguous: SequenceNumber::new(0),
        gap_end: SequenceNumber::new(0),
        tail: SequenceNumber::new(0),
        received: SequenceNumber::new(0),
        timestamp: 0,
        sample: 0,
        sampled_at: 0,
        window: 0,
        flags: EndFlags::of(0),
    },
    state: State::Closed,
    scale: MAX_SCALE,
};

impl Slot {
    /// No connection.
    pub const EMPTY: Self = Self { key: Key::EMPTY, head: NOWHERE, next: NOWHERE, last_seen: 0, halves: [NEW; 2] };

    /// Begins a connection here; the chains stay as they are. `is_whole`: with the client's SYN.
    pub(super) fn begin(
        &mut self,
        key: Key,
        is_v6: bool,
        is_client_second: bool,
        is_whole: bool,
        states: Sides<State>,
    ) {
        let half = |state, flags| {
            let flags = if is_v6 { flags | EndFlags::V6 } else { flags };
            Half { end: End { flags: EndFlags::of(flags), ..NEW.end }, state, ..NEW }
        };
        let first_syn = if is_whole { EndFlags::FIRST_SYN } else { 0 };
        let (client, server) = (half(states.client, EndFlags::CLIENT | first_syn), half(states.server, 0));
        let halves = if is_client_second { [server, client] } else { [client, server] };
        *self = Self { key, halves, last_seen: 0, ..*self };
    }

    /// Ends it; the chains stay as they are.
    pub(super) fn clear(&mut self) {
        *self = Self { head: self.head, next: self.next, ..Self::EMPTY };
    }

    /// Is there a connection?
    pub(super) fn is_taken(&self) -> bool {
        self.halves.iter().any(|half| half.end.has(EndFlags::CLIENT))
    }

    pub(super) fn is_v6(&self) -> bool {
        self.halves[0].end.has(EndFlags::V6)
    }

    /// Did it begin with a SYN that was captured?
    pub(super) fn is_whole(&self) -> bool {
        self.halves.iter().any(|half| half.end.has(EndFlags::FIRST_SYN))
    }

    /// The sender of a segment and its receiver: `is_second` if the second end of the key has sent it.
    #[inline]
    pub(super) fn halves(&self, is_second: bool) -> [&Half; 2] {
        let [one, two] = &self.halves;
        if is_second { [two, one] } else { [one, two] }
    }

    /// The same, to be changed where they lie: copies cost a third of the time that a segment takes.
    #[inline]
    pub(super) fn halves_mut(&mut self, is_second: bool) -> [&mut Half; 2] {
        let [one, two] = &mut self.halves;
        if is_second { [two, one] } else { [one, two] }
    }

    /// Both ends, by who they are.
    #[inline]
    pub(super) fn sides(&self) -> Sides<&Half> {
        let [client, server] = self.halves(self.is_client_second());
        Sides { client, server }
    }

    /// The addresses and ports of both ends.
    pub(super) fn addresses(&self) -> Sides<SocketAddr> {
        let (is_second, is_v6) = (self.is_client_second(), self.is_v6());
        Sides { client: self.key.end(is_second, is_v6), server: self.key.end(!is_second, is_v6) }
    }

    #[inline]
    pub(super) fn states(&self) -> Sides<State> {
        let Sides { client, server } = self.sides();
        Sides { client: client.state, server: server.state }
    }

    fn is_client_second(&self) -> bool {
        self.halves[1].end.has(EndFlags::CLIENT)
    }

    /// Nothing more will come but stragglers: both ends are closed, or wait that all segments are gone.
    pub(super) fn is_over(&self) -> bool {
        self.halves.iter().all(|half| matches!(half.state, State::Closed | State::TimeWait))
    }

    /// Are both ends closed?
    pub(super) fn is_closed(&self) -> bool {
        self.halves.iter().all(|half| half.state == State::Closed)
    }

    /// Has one end not opened yet?
    pub(super) fn is_half_open(&self) -> bool {
        is_half_open(self.halves.each_ref().map(|half| half.state))
    }

    /// Which connection to evict: the one with the greatest rank. Over, half open or neither; then how long it was silent.
    pub(super) fn rank(&self, now: u32) -> (u8, u32) {
        let rank = if self.is_over() {
            2
        } else if self.is_half_open() {
            1
        } else {
            0
        };
        (rank, now.wrapping_sub(self.last_seen))
    }
}

/// Of the states of both ends: has one not opened yet?
#[inline]
pub(super) fn is_half_open(states: [State; 2]) -> bool {
    states.iter().any(|state| matches!(state, State::Listen | State::SynSent | State::SynReceived))
}

/// Milliseconds that wrap around after 49 days.
pub(super) fn low_millis(now: Instant) -> u32 {
    low(now.as_micros() / 1_000)
}

/// Microseconds that wrap around after 71 minutes.
pub(super) fn low_micros(now: Instant) -> u32 {
    low(now.as_micros())
}

fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}
