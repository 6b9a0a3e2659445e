//! What an application does with messages.

use core::str;

use super::event::{Closed, Kind, Piece};
use super::outbound::{SendError, Sent};
use super::outbox::Outbox;
use crate::time::Instant;
use crate::websocket::close::CloseCode;

/// What is done with a connection after a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Next {
    /// Go on.
    More,
    /// Only so many bytes of the piece are taken, for now. The rest is handed out again when what was sent has left, and
    /// whenever the loop comes by; nothing else is read meanwhile. Of a whole message, none is: the same message comes again.
    Wait(usize),
    /// Send what was written, and Close with this code. Messages behind this one are thrown away.
    Close(CloseCode),
}

/// Goes on if the message was sent; otherwise closes with 1011.
impl From<Result<(), SendError>> for Next {
    fn from(sent: Result<(), SendError>) -> Self {
        match sent {
            Ok(()) => Self::More,
            Err(_) => Self::Close(CloseCode::INTERNAL_ERROR),
        }
    }
}

/// Goes on if the piece was sent; waits with what was not; closes with 1011 if none can be.
impl From<Result<Sent, SendError>> for Next {
    fn from(sent: Result<Sent, SendError>) -> Self {
        match sent {
            Ok(Sent { is_done: true, .. }) => Self::More,
            Ok(Sent { taken, .. }) => Self::Wait(taken),
            Err(SendError::NoRoom) => Self::Wait(0),
            Err(_) => Self::Close(CloseCode::INTERNAL_ERROR),
        }
    }
}

/// An application that wants whole messages. The store of the loop keeps them, so it bounds their length.
///
/// See the [module](crate::websocket) for an example.
pub trait MessageHandler {
    /// How many bytes the answers to one message take at most, as they are sent: 10 more for each than it has, or 14 at a
    /// client. A message is handed out only while there is room for so many, or nothing else waits to be sent: then an
    /// output that is shorter says [`SendError::NoRoom`].
    ///
    /// In a service it may be more than [`Limits::output_reserve`](crate::http::Limits::output_reserve): the handler is asked
    /// when the peer has taken so much of what was sent before. It is at most all of the output.
    const ROOM: usize;

    /// Does it send without being asked? Then [`Self::proceed`] is called, and the connection never counts as idle. In a
    /// service, a waker makes that call come at once: take it by
    /// [`Responder::waker`](crate::http::service::Responder::waker) when the handler begins.
    const PUSHES: bool = false;

    /// Does the connection watch its peer? Then a message must come at the pace of
    /// [`Limits::message`](crate::websocket::Limits::message), and a silent peer gets a Ping
    /// ([`Limits::ping`](crate::websocket::Limits::ping)) and must answer. `false` has an effect only in a service.
    ///
    /// A handler that sets `false` saves a device 0.5 KiB of flash. The peer may then be silent for ever, also within a
    /// message. If it vanishes, the connection ends when something sent to it is not taken in time
    /// ([`http::Limits::write`](crate::http::Limits::write)), when the keep-alive of TCP notices, or when another connection
    /// needs its place. The deadlines of closing stay.
    const WATCHES: bool = true;

    /// A text has come. By default the connection closes with 1003.
    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        let _ = (text, outbox);
        Next::Close(CloseCode::UNSUPPORTED_DATA)
    }

    /// A binary message has come. By default the connection closes with 1003.
    fn binary(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        let _ = (message, outbox);
        Next::Close(CloseCode::UNSUPPORTED_DATA)
    }

    /// A message has come. The bytes of a text are UTF-8. By default this calls [`Self::text`] or [`Self::binary`].
    ///
    /// A handler that takes text as bytes implements this in place of those two. The connection has checked the text as it
    /// came, so nothing checks it a second time to make a `str` of it; and a device that uses [`str::from_utf8`] nowhere else
    /// saves 0.7 KiB of flash.
    ///
    /// ```
    /// use wirenut::websocket::{Kind, MessageHandler, Next, Outbox};
    ///
    /// /// Sends each message back.
    /// struct Echo;
    ///
    /// impl MessageHandler for Echo {
    ///     const ROOM: usize = 256;
    ///     fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
    ///         outbox.message(kind, message).into()
    ///     }
    /// }
    /// ```
    fn message(&mut self, kind: Kind, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        match kind {
            // It was checked as it came.
            Kind::Text => match str::from_utf8(message) {
                Ok(text) => self.text(text, outbox),
                Err(_) => Next::Close(CloseCode::INVALID_PAYLOAD),
            },
            Kind::Binary => self.binary(message, outbox),
        }
    }

    /// There is room for [`Self::ROOM`] bytes, or nothing else waits to be sent: called if it [pushes](Self::PUSHES), in the
    /// beginning, and whenever the loop comes by: when it was woken, when [`Self::poll_timeout`] is due, and at any other
    /// time. [`Next::Wait`] is [`Next::More`] here. By default nothing is done.
    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let _ = outbox;
        Next::More
    }

    /// When [`Self::proceed`] is to be called again. By default never.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// A Pong has come. By default nothing is done.
    fn pong(&mut self, payload: &[u8]) {
        let _ = payload;
    }

    /// The connection has ended. Called once, and nothing after it. By default nothing is done.
    fn closed(&mut self, how: Closed<'_>) {
        let _ = how;
    }
}

/// An application that takes messages in pieces as they come, so that they may be longer than any buffer.
///
/// ```
/// use wirenut::time::Instant;
/// use wirenut::transport::{Action, Conversation, Input};
/// use wirenut::websocket::{Client, Connection, Context, Kind, Limits, Next, Outbox, Piece, PieceHandler, Server};
///
/// /// Sends back each piece as a fragment.
/// struct Echo;
///
/// impl PieceHandler for Echo {
///     const ROOM: usize = 14;
///     fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
///         outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
///     }
/// }
///
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT };
/// let (mut sent, message) = ([0; 1024], [b'x'; 500]);
/// let length = Connection::new(Client(|| [1, 2, 3, 4]), &cx).send_message(Kind::Text, &message, &mut sent)?;
///
/// // A store and an output that are shorter than the message.
/// let (mut server, mut conversation) = (Connection::new(Server, &cx), Conversation::new());
/// let (mut store, mut output, mut rest, mut echoed) = ([0; 200], [0; 200], &sent[..length], 0);
/// loop {
///     let input = Input { bytes: rest, has_ended: false };
///     let (taken, action) = conversation.poll(&mut server.speak_pieces(&mut Echo, cx), input, &mut store, &mut output);
///     rest = &rest[taken..];
///     match action {
///         Action::Send(length) => echoed += length,
///         _ => break,
///     }
/// }
/// assert!(rest.is_empty() && echoed > 500);
/// # Ok::<(), wirenut::websocket::SendError>(())
/// ```
pub trait PieceHandler {
    /// How many bytes the answers to one piece take at most, beyond the bytes of the piece: so an echo needs the 14 of the
    /// longest header. A piece is handed out only while there is room for it and for so many, or nothing else waits to be sent.
    const ROOM: usize;

    /// As [`MessageHandler::PUSHES`].
    const PUSHES: bool = false;

    /// As [`MessageHandler::WATCHES`].
    const WATCHES: bool = true;

    /// The next piece of a message has come.
    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next;

    /// As [`MessageHandler::proceed`].
    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let _ = outbox;
        Next::More
    }

    /// As [`MessageHandler::poll_timeout`].
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// As [`MessageHandler::pong`].
    fn pong(&mut self, payload: &[u8]) {
        let _ = payload;
    }

    /// As [`MessageHandler::closed`]. A message that had not ended is void.
    fn closed(&mut self, how: Closed<'_>) {
        let _ = how;
    }
}
