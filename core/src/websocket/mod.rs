//! WebSocket (RFC 6455): the handshake, frames, messages and the connection, in both roles.
//!
//! A [`Connection`] is the state machine of one end. It owns no buffer: bytes come in as slices, payload is unmasked into a
//! slice that the caller lends, and frames are written into slices. It reads no clock: time comes with each call, and
//! deadlines are an output.
//!
//! | type | what |
//! |---|---|
//! | [`FrameHeader`], [`HeaderDecoder`], [`Mask`] | frames alone: read a header in any pieces, write one, mask payload |
//! | [`Connection`] | the rules of messages, control frames and closing: events in, commands out |
//! | [`MessageHandler`] | an application that wants whole messages |
//! | [`PieceHandler`] | an application that streams messages longer than any buffer |
//! | [`upgrade()`], [`Upgrade`] | how a service begins: a request becomes a WebSocket with a handler |
//! | [`handshake`] | how a connection of HTTP becomes one of WebSocket |
//! | [`Compression`] | where permessage-deflate (RFC 7692) plugs in |
//!
//! A handler runs in the loop of every adapter: [`Connection::speak`] and [`Connection::speak_pieces`] make a
//! [`Protocol`](crate::transport::Protocol) of a connection and its handler. In a service, [`upgrade()`] does that; what one
//! client says reaches others through a [`Topic`](crate::http::service::Topic).
//!
//! ```
//! use wirenut::time::Instant;
//! use wirenut::transport::{Action, Conversation, Input};
//! use wirenut::websocket::{Connection, Context, Limits, MessageHandler, Next, Outbox, Server};
//!
//! /// Answers each text by the same.
//! struct Echo;
//!
//! impl MessageHandler for Echo {
//!     const ROOM: usize = 64;
//!     fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
//!         outbox.text(text).into()
//!     }
//! }
//!
//! let cx = Context { now: Instant::START, limits: &Limits::DEFAULT };
//! let mut connection = Connection::new(Server, &cx);
//! let (mut conversation, mut store, mut output) = (Conversation::new(), [0; 256], [0; 256]);
//! // "Hello", masked: the example of RFC 6455 §5.7.
//! let bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
//! let input = Input { bytes, has_ended: false };
//! let (taken, action) = conversation.poll(&mut connection.speak(&mut Echo, cx), input, &mut store, &mut output);
//! assert_eq!((taken, action), (11, Action::Send(7)));
//! assert_eq!(&output[..7], b"\x81\x05Hello");
//! ```
//!
//! # The laws
//!
//! 1. **However the bytes are cut, the events are the same**, once pieces of one message are joined, and so is the error and
//!    the byte at which it is found.
//! 2. **Each byte is looked at a bounded number of times**, and the memory is the caller's.
//! 3. **Text is checked as it comes**: the error falls at the first byte that cannot stand in UTF-8.
//! 4. **Only legal frames are written**: lengths in their shortest form, close codes that may be sent, and nothing behind a
//!    Close frame.

mod close;
mod compression;
mod connection;
mod error;
mod frame;
pub mod handshake;
mod limits;
mod mask;
mod role;
#[cfg(test)]
mod tests;
mod upgrade;
mod utf8;

pub use close::{CloseCode, CloseReason};
pub use compression::{Compression, Deflated, Inflated, InvalidData, NoCompression};
pub use connection::{
    Abnormal, Closed, Connection, Context, Event, Kind, MessageHandler, Next, Outbox, Piece, PieceHandler, Pieces,
    SendError, Sent, Speaking, Whole,
};
pub use error::{Error, Rule};
pub use frame::{Expected, FrameHeader, HeaderDecoder, InvalidHeader, MAX_CONTROL_LEN, MAX_HEADER_LEN, Opcode};
pub use limits::Limits;
pub use mask::Mask;
pub use role::{Client, MaskKeys, Role, Server};
pub use upgrade::{InPieces, Upgrade, WebSocket, WholeMessages, upgrade};
