//! Every bound that a connection keeps.

use crate::time::{Duration, Pace};

/// The bounds of a connection: nothing is unlimited by accident.
///
/// ```
/// use wirenut::{time::Duration, websocket::Limits};
/// const DEVICE: Limits = Limits { message_bytes: 1024, ping: Duration::from_secs(60), ..Limits::DEFAULT };
/// assert_eq!(DEVICE.pong, Limits::DEFAULT.pong);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Payload bytes of a message, inflated. Where whole messages are wanted, the store bounds them, too: a message has at
    /// most as many bytes as the store without 126. A longer one closes the connection with 1009. A machine of 32 bits refuses a
    /// message of 4 GiB or more in the same way, whatever the limit is.
    ///
    /// Default: `16 * 1024 * 1024`.
    pub message_bytes: u64,
    /// Payload bytes of a frame as they come. A longer one closes the connection with 1009.
    ///
    /// Default: `16 * 1024 * 1024`.
    pub frame_bytes: u64,
    /// How slowly a message may come, from its first byte to its end. Time does not run while nothing of it is taken, since
    /// what was sent waits. A slower one closes the connection with 1008.
    ///
    /// Default: `Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) }`.
    pub message: Pace,
    /// After so much silence of the peer a Ping is sent. `Duration::from_micros(u64::MAX)`: never.
    ///
    /// Default: `Duration::from_secs(30)`.
    pub ping: Duration,
    /// Then the peer must send something within this time. Otherwise the connection is reset.
    ///
    /// Default: `Duration::from_secs(20)`.
    pub pong: Duration,
    /// How slowly the peer may take what is sent to it. A slower one is reset.
    ///
    /// Default: `Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) }`.
    pub write: Pace,
    /// How long the peer's Close is awaited once ours is sent; and then how long the end of its stream is.
    ///
    /// Default: `Duration::from_secs(5)`.
    pub close: Duration,
}

impl Limits {
    /// Sane bounds for a network.
    pub const DEFAULT: Self = Self {
        message_bytes: 16 * 1024 * 1024,
        frame_bytes: 16 * 1024 * 1024,
        message: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
        ping: Duration::from_secs(30),
        pong: Duration::from_secs(20),
        write: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
        close: Duration::from_secs(5),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
