//! What an application does with messages, and where it sends its own.

use crate::framing::encoder::EncodeError;
use crate::framing::error::{FrameError, Skipped};

/// An application over a [`MessageConnection`](super::MessageConnection): it takes messages and sends others.
pub trait MessageHandler {
    /// How many bytes the answers to one message take at most, with their framing
    /// ([`Encoder::max_encoded_len`](crate::framing::Encoder::max_encoded_len) counts it). The handler gets a message only while
    /// the output has so much room, or is empty. If the whole output of the loop is shorter than this, an answer that does not
    /// fit fails with [`EncodeError::NoRoom`].
    const ROOM: usize;

    /// Takes a message, and sends answers into `outbox`. They leave once the handler has had all messages that have come.
    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next;

    /// True while the handler wants to send without a message to answer: the first message of a client, for example, or the
    /// rest of a long answer. By default false. The loop asks at each call; where something else makes it true, wake the loop.
    fn has_more(&self) -> bool {
        false
    }

    /// Sends some of that. The loop calls it while [`Self::has_more`] is true, once the handler has had all messages that have
    /// come, if the output has [`Self::ROOM`] or is empty. It pauses when a call sends nothing. By default nothing is sent.
    fn send_more(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let _ = outbox;
        Next::More
    }

    /// Something was skipped: a message that is too long for the store or the limit, or one that breaks a rule. The connection
    /// goes on. By default nothing is done.
    fn skipped(&mut self, skipped: Skipped) {
        let _ = skipped;
    }

    /// Nobody can tell where the next message begins. The connection is reset, once all that was sent has left. By default
    /// nothing is done.
    fn lost(&mut self, error: FrameError) {
        let _ = error;
    }
}

/// What the connection does after a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Next {
    /// Go on.
    More,
    /// Send what was written, and close. Messages behind this one are thrown away.
    Close,
}

/// Where a handler sends its answers.
pub struct Outbox<'o> {
    encode: &'o Encode<'o>,
    room: &'o mut [u8],
    written: usize,
}

impl<'o> Outbox<'o> {
    /// Writes messages into `room` by `encode`.
    pub(super) const fn new(encode: &'o Encode<'o>, room: &'o mut [u8]) -> Self {
        Self { encode, room, written: 0 }
    }

    /// How many bytes were written.
    pub(super) const fn written(&self) -> usize {
        self.written
    }

    /// Sends a message, or nothing of it. With a checksum, it is added.
    ///
    /// # Errors
    /// [`EncodeError::NoRoom`]: the rest of the output is too short. The others: the codec cannot encode the message. After an
    /// error the outbox is as it was.
    pub fn send(&mut self, message: &[u8]) -> Result<(), EncodeError> {
        let room = self.room.get_mut(self.written..).unwrap_or_default();
        self.written = self.written.saturating_add((self.encode)(message, room)?);
        Ok(())
    }
}

/// Writes one message.
type Encode<'o> = dyn Fn(&[u8], &mut [u8]) -> Result<usize, EncodeError> + 'o;

/// A handler that is lent.
impl<H: MessageHandler> MessageHandler for &mut H {
    const ROOM: usize = H::ROOM;

    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        H::message(self, message, outbox)
    }

    fn has_more(&self) -> bool {
        H::has_more(self)
    }

    fn send_more(&mut self, outbox: &mut Outbox<'_>) -> Next {
        H::send_more(self, outbox)
    }

    fn skipped(&mut self, skipped: Skipped) {
        H::skipped(self, skipped);
    }

    fn lost(&mut self, error: FrameError) {
        H::lost(self, error);
    }
}
