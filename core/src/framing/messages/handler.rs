//! What an application does with messages, and where it sends its own.

use crate::framing::encoder::EncodeError;
use crate::framing::error::{FrameError, Skipped};

/// What is done with the messages of a connection.
pub trait MessageHandler {
    /// How many bytes the answers to one message take at most, as they are sent. A message is handed out only while there is
    /// room for so many, or nothing else waits to be sent: then an output that is shorter says
    /// [`EncodeError::NoRoom`].
    const ROOM: usize;

    /// A message has come. What is sent into `outbox` leaves together, once the messages that have come are done with.
    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next;

    /// Is there something to send that no message asks for: the first message of a client, the rest of a long answer, what a
    /// waker told? By default never. Asked at each call of the loop.
    fn has_more(&self) -> bool {
        false
    }

    /// Sends some of that. Called when [`Self::has_more`], the messages that have come are done with, and there is
    /// [`Self::ROOM`] or nothing else waits to be sent. By default nothing is sent.
    fn send_more(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let _ = outbox;
        Next::More
    }

    /// A message was not delivered. By default nothing is done.
    fn skipped(&mut self, skipped: Skipped) {
        let _ = skipped;
    }

    /// The stream is lost. The connection is reset, once all that was sent has left. By default nothing is done.
    fn lost(&mut self, error: FrameError) {
        let _ = error;
    }
}

/// What is done with a connection after a message.
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

    /// Sends a message, or nothing of it.
    ///
    /// # Errors
    /// [`EncodeError::NoRoom`], and what the codec cannot say.
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
