//! How long the peer of a connection of messages may take.

use crate::time::Duration;

/// How long a peer may take. At most one of these runs at a time; while something waits to be sent it is `write`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageLimits {
    /// From the first byte of a message, or of what is skipped, to its end; then the connection is reset. Default: 30 s.
    pub message: Duration,
    /// Between two messages; then the connection is closed in good order. Default: 5 min.
    pub idle: Duration,
    /// To take some of what was sent; then the connection is reset. Default: 30 s.
    pub write: Duration,
    /// To end its direction, once ours has ended and it has taken all; then the connection is closed. Default: 5 s.
    pub linger: Duration,
}

impl MessageLimits {
    /// Sane values for a network.
    pub const DEFAULT: Self = Self {
        message: Duration::from_secs(30),
        idle: Duration::from_secs(300),
        write: Duration::from_secs(30),
        linger: Duration::from_secs(5),
    };
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
