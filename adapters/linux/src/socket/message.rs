//! What came as one message.

/// How long a message was, and how much of it there was room for.
///
/// ```
/// use wirenut_linux::socket::Message;
/// let message = Message { length: 10, full_length: 12 };
/// assert!(message.is_truncated()); // the last two bytes are lost
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Message {
    /// Bytes that were received, at the beginning of the buffer.
    pub length: usize,
    /// Bytes that the peer sent.
    pub full_length: usize,
}

impl Message {
    pub(super) const fn new(full_length: usize, room: usize) -> Self {
        Self { length: if full_length < room { full_length } else { room }, full_length }
    }

    /// The message was longer than the buffer: the rest of it is lost.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.length < self.full_length
    }
}
