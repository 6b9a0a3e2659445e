//! What one segment shows.

use crate::tcp::state::State;
use crate::tcp::tracker::{Anomalies, ConnectionId};
use crate::time::Duration;

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Side {
    /// Who sent the first SYN. Where the capture begins later: who sent its first segment.
    Client,
    /// The other one.
    Server,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Something of each end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sides<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T: Copy> Sides<T> {
    /// The sender's and the receiver's.
    #[inline]
    pub(super) const fn from_sender(sender: Side, [of_sender, of_receiver]: [T; 2]) -> Self {
        match sender {
            Side::Client => Self { client: of_sender, server: of_receiver },
            Side::Server => Self { client: of_receiver, server: of_sender },
        }
    }

    /// That of one end.
    #[must_use]
    pub const fn of(&self, side: Side) -> T {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }
}

/// How the bytes of a segment lie to those that were captured before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Order {
    /// It takes no sequence numbers, or what it takes counts for nothing.
    #[default]
    None,
    /// It begins where the last one ended.
    Next,
    /// It begins further on: there is a gap before it.
    Ahead,
    /// It lies in a gap.
    Late,
    /// All its bytes were captured before.
    Again,
    /// Some were captured before, others were not.
    Overlap,
}

/// What one segment shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observed {
    /// The connection that it is of. None, if it is of none that is known, and begins none: a stray reset, a segment with
    /// flags that no end sends, or any segment where there are no slots.
    pub connection: Option<ConnectionId>,
    /// Did it begin the connection? Then what was known of another one by that id is over: see
    /// [`Tracker::take_ended`](super::Tracker::take_ended).
    pub is_new: bool,
    /// Who sent it.
    pub sender: Side,
    /// How its bytes lie to those before.
    pub order: Order,
    /// What is unusual about it.
    pub anomalies: Anomalies,
    /// The states of both ends before it.
    pub before: Sides<State>,
    /// The states of both ends once it has arrived.
    pub states: Sides<State>,
    /// How long the way from the place of the capture to the sender and back takes: from a segment of the other end to
    /// its acknowledgment by this one. The time of both ways, measured at one of them or on the way, is the sum of both
    /// sides'.
    pub round_trip: Option<Duration>,
}

impl Observed {
    /// It is of no connection.
    pub(super) const fn of_none(anomalies: Anomalies) -> Self {
        let closed = Sides { client: State::Closed, server: State::Closed };
        Self {
            connection: None,
            is_new: false,
            sender: Side::Client,
            order: Order::None,
            anomalies,
            before: closed,
            states: closed,
            round_trip: None,
        }
    }
}
