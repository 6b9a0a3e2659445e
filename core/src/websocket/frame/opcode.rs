//! What a frame is.

/// What the payload of a frame is (RFC 6455 §5.2 and §11.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Opcode {
    /// The next fragment of a message.
    Continuation = 0x0,
    /// The first fragment of a message that is text.
    Text = 0x1,
    /// The first fragment of a message that is binary.
    Binary = 0x2,
    /// No more data follows.
    Close = 0x8,
    /// To be answered by a Pong with the same payload.
    Ping = 0x9,
    /// Answers a Ping, or just says that its sender lives.
    Pong = 0xa,
}

impl Opcode {
    /// The one with this number. `None`: it is reserved.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        Some(match number {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// May it come within a fragmented message? Then it is not fragmented itself, and has at most 125 bytes.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}
