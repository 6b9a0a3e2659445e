//! What a connection finds in the bytes of its peer, and how it ends.

use crate::websocket::close::CloseReason;
use crate::websocket::error::Error;

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// UTF-8.
    Text = 1,
    /// Any bytes.
    Binary = 2,
}

/// The next bytes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece<'b> {
    /// What the message is.
    pub kind: Kind,
    /// The message begins here.
    pub is_first: bool,
    /// The message ends here. All of it is valid then: text is UTF-8.
    pub is_last: bool,
    /// The bytes, unmasked and inflated. Empty only if the message is, or its last fragment. Pieces of text are UTF-8 once they
    /// are joined; one alone may begin or end within a character.
    pub bytes: &'b [u8],
}

/// What [`Connection::receive`](super::Connection::receive) found. What it borrows lies in the room that was lent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'b> {
    /// All of the input was used. Call again when more has come.
    NeedMore,
    /// The next bytes of a message.
    Piece(Piece<'b>),
    /// Answer it with [`Connection::send_pong`](super::Connection::send_pong) and the same payload.
    Ping(&'b [u8]),
    /// The answer to a Ping, or a sign of life. Nothing is to be done.
    Pong(&'b [u8]),
    /// The peer sends no more. `None`: without a code. [`Connection::poll_transmit`](super::Connection::poll_transmit) writes
    /// the answer, if ours was not sent before.
    Close(Option<CloseReason<'b>>),
    /// The peer has sent its Close before: the input is thrown away.
    Closed,
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed<'a> {
    /// The peer sent a Close frame: first, or in answer to ours. `None`: without a code (1005).
    Clean(Option<CloseReason<'a>>),
    /// The peer broke a rule, and was sent a Close frame with the code of the rule.
    Failed(Error),
    /// It ended without a Close frame of the peer (1006).
    Abnormal(Abnormal),
}

/// How a connection ended without a Close frame of the peer: what RFC 6455 §7.1.5 calls 1006.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Abnormal {
    /// The peer ended its stream.
    // Not 0: so that stands for none, and a connection begins with zeros.
    EndOfStream = 1,
    /// The peer was silent, and a Ping did not change that.
    PongTimeout,
    /// The peer did not answer our Close.
    CloseTimeout,
    /// The peer did not take what was sent to it.
    WriteTimeout,
    /// The transport failed.
    Reset,
    /// This end gave the connection up to make room for another one, and did not wait for the peer's Close.
    Evicted,
}
