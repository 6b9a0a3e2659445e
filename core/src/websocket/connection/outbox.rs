//! Where a handler sends.

use super::Context;
use super::event::Kind;
use super::outbound::{Output, Part, SendError, Sender, Sent, Taken};
use crate::time::Instant;
use crate::websocket::close::CloseCode;

/// Where a handler sends its messages. What it sends leaves together, once the handler returns and nothing more is to be
/// handed out.
pub struct Outbox<'o> {
    pub(super) sender: &'o mut dyn Sender,
    pub(super) cx: Context<'o>,
    /// Borrowed, so that no address of the outbox itself is passed on: then the compiler drops the methods of the sender that
    /// a handler does not use.
    pub(super) output: &'o mut Output<'o>,
}

impl Outbox<'_> {
    /// The time now.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.cx.now
    }

    /// How many bytes there is room for, with what frames them: at most 10 more than a message has at a server, and 14 at a
    /// client.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.output.room()
    }

    /// Sends a text, or nothing of it.
    ///
    /// # Errors
    /// [`SendError::NoRoom`]; [`SendError::Closed`]; [`SendError::WithinMessage`].
    pub fn text(&mut self, text: &str) -> Result<(), SendError> {
        self.message(Kind::Text, text.as_bytes())
    }

    /// Sends a binary message, or nothing of it.
    ///
    /// # Errors
    /// [`SendError::NoRoom`]; [`SendError::Closed`]; [`SendError::WithinMessage`].
    pub fn binary(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.message(Kind::Binary, message)
    }

    /// Sends a message, or nothing of it. Text must be UTF-8.
    ///
    /// # Errors
    /// [`SendError::NoRoom`]; [`SendError::Closed`]; [`SendError::WithinMessage`].
    pub fn message(&mut self, kind: Kind, message: &[u8]) -> Result<(), SendError> {
        self.sender.send_whole(kind, message, self.output)
    }

    /// Sends as much of the next piece of a message as there is room for. `is_last`: no piece follows. Until
    /// [`Sent::is_done`] call it again with what was not taken, in this call of the handler or in a later one: see
    /// [`Connection::send_piece`](super::Connection::send_piece).
    ///
    /// # Errors
    /// [`SendError::NoRoom`] if no byte of it can be sent; [`SendError::Closed`]; [`SendError::WithinMessage`] if a message of
    /// the other kind was begun.
    pub fn piece(&mut self, kind: Kind, piece: &[u8], is_last: bool) -> Result<Sent, SendError> {
        let room = self.room();
        let part = if is_last { Part::Last } else { Part::Next };
        let Taken { bytes, is_done } = self.sender.send_part(kind, part, piece, self.output)?;
        Ok(Sent { taken: bytes, written: room.wrapping_sub(self.room()), is_done })
    }

    /// Sends a Ping with at most 125 bytes. The connection sends its own when the peer is silent: see
    /// [`Limits::ping`](crate::websocket::Limits::ping).
    ///
    /// # Errors
    /// [`SendError::NoRoom`]; [`SendError::Closed`]; [`SendError::ControlTooLong`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.sender.send_ping(payload, self.output)
    }

    /// Sends Close with a reason of at most 123 bytes. Nothing is handed out any more. Without a reason,
    /// [`Next::Close`](super::Next::Close) does the same.
    ///
    /// # Errors
    /// [`SendError::NoRoom`]; [`SendError::Closed`]; [`SendError::ControlTooLong`].
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        self.sender.send_close(&self.cx, code, reason, self.output)
    }
}
