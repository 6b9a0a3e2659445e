//! The eleven states, and what a state alone decides.

use core::fmt;

/// A state of a connection: RFC 9293, section 3.3.2. One byte.
///
/// ```
/// use wirenut::tcp::state::State;
/// assert_eq!(State::CloseWait.to_string(), "CLOSE-WAIT");
/// assert!(State::CloseWait.can_send() && !State::CloseWait.can_receive());
/// assert!(State::ALL.contains(&State::default()) && State::default() == State::Closed);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum State {
    /// No connection at all.
    #[default]
    Closed,
    /// Waits for a request for a connection, from any peer.
    Listen,
    /// Has sent a SYN, and waits for that of the peer.
    SynSent,
    /// Has sent and received a SYN, and waits for the acknowledgement of its own.
    SynReceived,
    /// Open: data goes both ways.
    Established,
    /// Has ended its direction; the peer has not acknowledged that yet, nor ended its own.
    FinWait1,
    /// Has ended its direction, and the peer knows; waits for the peer to end its own.
    FinWait2,
    /// The peer has ended its direction; the user has not ended this one.
    CloseWait,
    /// Both have ended their directions at the same time; the peer has not acknowledged that yet.
    Closing,
    /// The peer had ended its direction, now this one is ended, too; the peer has not acknowledged that yet.
    LastAck,
    /// Both directions are over and acknowledged. Waits until no old segment of the connection is on its way any more, and
    /// acknowledges the peer's FIN again if it comes again.
    TimeWait,
}

impl State {
    /// Every state, in the order of RFC 9293 but for CLOSED, which comes first.
    pub const ALL: [Self; 11] = [
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// The name as RFC 9293 writes it: `"SYN-SENT"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }

    /// Do both ends know the other's first sequence number? (RFC 9293, section 3.5.1, "synchronized state".)
    #[must_use]
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, Self::Closed | Self::Listen | Self::SynSent | Self::SynReceived)
    }

    /// May the user send data that leaves at once?
    #[must_use]
    pub const fn can_send(self) -> bool {
        matches!(self, Self::Established | Self::CloseWait)
    }

    /// May data of the peer still come?
    #[must_use]
    pub const fn can_receive(self) -> bool {
        matches!(self, Self::Established | Self::FinWait1 | Self::FinWait2)
    }

    /// Has the user ended this direction? The FIN may still wait behind data.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::FinWait1 | Self::FinWait2 | Self::Closing | Self::LastAck | Self::TimeWait)
    }

    /// Has the peer ended its direction? What it sent before may still be unread.
    #[must_use]
    pub const fn has_peer_ended(self) -> bool {
        matches!(self, Self::CloseWait | Self::Closing | Self::LastAck | Self::TimeWait)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
