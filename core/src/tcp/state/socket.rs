//! What a state means to whoever calls recv(2), send(2) and poll(2).

use core::fmt;

use super::connection_state::State;
use crate::readiness::Readiness;

/// What lies between the user and the connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Queues {
    /// Data has come that the user has not received. In LISTEN: a connection waits to be accepted.
    pub has_data: bool,
    /// There is room for data that the user wants to send.
    pub has_room: bool,
}

/// What recv(2) gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecvResult {
    /// Data.
    Data,
    /// Nothing yet: EAGAIN, or it waits.
    WouldBlock,
    /// The end: 0.
    End,
    /// An error.
    Failed(SocketError),
}

/// What send(2) gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendResult {
    /// It takes data.
    Taken,
    /// No room yet, or no connection yet: EAGAIN, or it waits.
    WouldBlock,
    /// An error.
    Failed(SocketError),
}

/// Errors of the socket API (POSIX.1-2024, recv, send, connect).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SocketError {
    /// ENOTCONN: there is no connection, and there was none.
    NotConnected,
    /// EPIPE: this direction is over.
    BrokenPipe,
    /// ECONNREFUSED: nobody wanted the connection.
    ConnectionRefused,
    /// ECONNRESET: the peer gave the connection up.
    ConnectionReset,
    /// ETIMEDOUT: the peer was silent for too long.
    TimedOut,
}

impl SocketError {
    /// Its name in `errno.h`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotConnected => "ENOTCONN",
            Self::BrokenPipe => "EPIPE",
            Self::ConnectionRefused => "ECONNREFUSED",
            Self::ConnectionReset => "ECONNRESET",
            Self::TimedOut => "ETIMEDOUT",
        }
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "not connected",
            Self::BrokenPipe => "this direction has ended",
            Self::ConnectionRefused => "connection refused",
            Self::ConnectionReset => "connection reset by the peer",
            Self::TimedOut => "the peer does not answer",
        })
    }
}

impl core::error::Error for SocketError {}

impl State {
    /// What a call would not wait for, as poll(2) tells it. CLOSED is taken for the end of a connection that did not fail;
    /// a [`Connection`](super::Connection) knows better.
    ///
    /// What has come stays readable in every state, so [`Queues::has_data`] counts in every state.
    ///
    /// ```
    /// use wirenut::readiness::Readiness;
    /// use wirenut::tcp::state::{Queues, State};
    /// let queues = Queues { has_data: false, has_room: true };
    /// assert_eq!(State::SynSent.readiness(queues), Readiness::NOTHING);
    /// assert_eq!(State::Established.readiness(queues), Readiness::WRITABLE);
    /// // The end is something to read, and sending would fail at once.
    /// let ready = State::LastAck.readiness(Queues::default());
    /// assert!(ready.contains(Readiness::READABLE | Readiness::WRITABLE | Readiness::HANG_UP));
    /// ```
    #[must_use]
    pub fn readiness(self, queues: Queues) -> Readiness {
        let has_data = if queues.has_data { Readiness::READABLE } else { Readiness::NOTHING };
        let has_room = if queues.has_room { Readiness::WRITABLE } else { Readiness::NOTHING };
        match self {
            Self::Listen => has_data,
            Self::SynSent | Self::SynReceived => Readiness::NOTHING,
            Self::Established => has_data | has_room,
            Self::FinWait1 | Self::FinWait2 => has_data | Readiness::WRITABLE,
            Self::CloseWait => Readiness::READABLE | Readiness::READ_CLOSED | has_room,
            Self::Closed | Self::Closing | Self::LastAck | Self::TimeWait => {
                Readiness::READABLE | Readiness::READ_CLOSED | Readiness::WRITABLE | Readiness::HANG_UP
            }
        }
    }

    /// What recv(2) gives, of a connection that did not fail.
    pub(super) const fn recv(self, has_data: bool) -> RecvResult {
        match self {
            Self::Listen => RecvResult::Failed(SocketError::NotConnected),
            _ if has_data => RecvResult::Data,
            Self::SynSent | Self::SynReceived | Self::Established | Self::FinWait1 | Self::FinWait2 => {
                RecvResult::WouldBlock
            }
            Self::Closed | Self::CloseWait | Self::Closing | Self::LastAck | Self::TimeWait => RecvResult::End,
        }
    }

    /// What send(2) gives, of a connection that did not fail.
    pub(super) const fn send(self, has_room: bool) -> SendResult {
        match self {
            Self::Listen => SendResult::Failed(SocketError::NotConnected),
            Self::SynSent | Self::SynReceived => SendResult::WouldBlock,
            Self::Established | Self::CloseWait if has_room => SendResult::Taken,
            Self::Established | Self::CloseWait => SendResult::WouldBlock,
            Self::Closed | Self::FinWait1 | Self::FinWait2 | Self::Closing | Self::LastAck | Self::TimeWait => {
                SendResult::Failed(SocketError::BrokenPipe)
            }
        }
    }
}
