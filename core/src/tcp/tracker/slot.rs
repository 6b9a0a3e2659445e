//! The memory of one connection.

use crate::tcp::state::State;
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
pub struct Slot {
    pub(super) key: Key,
    /// Where the chain begins of those whose hash is the number of this slot. It has nothing to do with what else is here.
    pub(super) head: u32,
    /// The next one of the chain that this one is in, or of the free ones.
    pub(super) next: u32,
    /// In milliseconds that wrap around.
    pub(super) last_seen: u32,
    /// In the order of the key.
    ends: [End; 2],
    states: [State; 2],
    scales: [u8; 2],
    pub(super) is_taken: bool,
    pub(super) is_v6: bool,
    /// Is the client the second one of the key?
    pub(super) is_client_second: bool,
    /// Did it begin with a SYN that was captured?
    pub(super) is_whole: bool,
}

/// No slot.
pub(super) const NOWHERE: u32 = u32::MAX;

const NEW: End = End {
    next: crate::tcp::SequenceNumber::new(0),
    contiguous: crate::tcp::SequenceNumber::new(0),
    gap_end: crate::tcp::SequenceNumber::new(0),
    tail: crate::tcp::SequenceNumber::new(0),
    received: crate::tcp::SequenceNumber::new(0),
    timestamp: 0,
    sample: 0,
    sampled_at: 0,
    window: 0,
    flags: EndFlags::NONE,
};

impl Slot {
    /// No connection.
    pub const EMPTY: Self = Self {
        key: Key::EMPTY,
        head: NOWHERE,
        next: NOWHERE,
        last_seen: 0,
        ends: [NEW; 2],
        states: [State::Closed; 2],
        scales: [MAX_SCALE; 2],
        is_taken: false,
        is_v6: false,
        is_client_second: false,
        is_whole: false,
    };

    /// Begins a connection here; the chains stay as they are.
    pub(super) fn begin(&mut self, key: Key, is_v6: bool, is_client_second: bool, [client, server]: [State; 2]) {
        let states = if is_client_second { [server, client] } else { [client, server] };
        *self = Self {
            key,
            head: self.head,
            next: self.next,
            states,
            is_taken: true,
            is_v6,
            is_client_second,
            is_whole: client == State::SynSent,
            ..Self::EMPTY
        };
    }

    /// The first or the second end.
    #[inline]
    pub(super) fn half(&self, is_second: bool) -> Half {
        let ([one, two], [state_one, state_two], [scale_one, scale_two]) = (&self.ends, self.states, self.scales);
        if is_second {
            Half { end: *two, state: state_two, scale: scale_two }
        } else {
            Half { end: *one, state: state_one, scale: scale_one }
        }
    }

    #[inline]
    pub(super) fn put(&mut self, is_second: bool, half: &Half) {
        let ([one, two], [state_one, state_two], [scale_one, scale_two]) =
            (&mut self.ends, &mut self.states, &mut self.scales);
        let places = if is_second { (two, state_two, scale_two) } else { (one, state_one, scale_one) };
        (*places.0, *places.1, *places.2) = (half.end, half.state, half.scale);
    }

    pub(super) fn state(&self, is_second: bool) -> State {
        if is_second { self.states[1] } else { self.states[0] }
    }

    /// Nothing more will come but stragglers: both ends are closed, or wait that all segments are gone.
    pub(super) fn is_over(&self) -> bool {
        self.states.iter().all(|state| matches!(state, State::Closed | State::TimeWait))
    }

    /// Are both ends closed?
    pub(super) fn is_closed(&self) -> bool {
        self.states == [State::Closed; 2]
    }

    /// Has one end not opened yet?
    pub(super) fn is_half_open(&self) -> bool {
        self.states.iter().any(|state| matches!(state, State::Listen | State::SynSent | State::SynReceived))
    }

    /// How well it gives way to another one, and for how long nothing has come: the greatest does first.
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
