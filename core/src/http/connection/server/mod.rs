//! The server's end of an HTTP/1.x connection: bytes of requests in, bytes of responses out.

mod ending;
mod receive;
mod send;

use super::context::{Context, Disposition};
use super::state::{State, States};
use crate::http::body::write::{BodyWriter, OutboundFraming};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::http::grammar::machine::Machine;
use crate::http::grammar::state::State as GrammarState;
use crate::http::message::fields::Fields;
use crate::http::message::request_head::RequestHead;
use crate::time::Timer;

/// What [`ServerConnection::receive`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerEvent<'b> {
    /// More bytes are needed; all that came were consumed.
    NeedMore,
    /// Nothing is taken until the response is complete. Keep the bytes, and leave more of them with the transport.
    Paused,
    /// A request.
    Head(RequestHead<'b>),
    /// A piece of its content (or, after an upgrade, bytes of the tunnel), never empty. It is consumed by
    /// [`ServerConnection::take_body`], as far as it is wanted.
    Body(&'b [u8]),
    /// The content is complete, with the trailer fields if there are any. Comes once for each request (also for one
    /// without content), unless the response was complete before: then nobody waits for it.
    End(Fields<'b>),
    /// Nothing more will be taken.
    Closed,
}

/// Whether and how the connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// It does not, as far as it depends on us.
    Open,
    /// After the response that is being sent, or that will be.
    AfterResponse,
    /// An error answer is due first.
    Answer,
    /// All is sent; the rest of what comes is thrown away.
    Linger,
    /// Nothing is left to do.
    Close,
    /// A response was cut off; what was written of it is sent.
    Abort,
    /// Nothing more is sent.
    Cut,
}

/// One HTTP/1.x connection, seen from the server.
///
/// It does no I/O, owns no bytes, reads no clock, and fits in 64 bytes. Its methods are of four kinds:
///
/// | kind | methods | meaning |
/// |---|---|---|
/// | getter | [`disposition`], [`is_readable`], … | changes nothing |
/// | input | [`receive`], [`take_body`], [`handle_eof`], [`handle_sent`], [`handle_timeout`], [`handle_reset`] | something happened |
/// | command | [`respond`], [`send_body`], [`fill_body`], [`note_external_send`], [`send_trailers`], [`finish`], [`abort`], [`retire`] | the service wants something |
/// | output | [`poll_transmit`], [`poll_timeout`] | what the connection itself has to say |
///
/// After any input or command call [`poll_transmit`] until it writes nothing, then [`receive`] until it says
/// [`ServerEvent::NeedMore`], [`ServerEvent::Paused`] or [`ServerEvent::Closed`]; then obey [`disposition`].
/// [`Session`](crate::http::service::Session) does all this for a [`Service`](crate::http::service::Service).
///
/// [`receive`]: ServerConnection::receive
/// [`take_body`]: ServerConnection::take_body
/// [`handle_eof`]: ServerConnection::handle_eof
/// [`handle_sent`]: ServerConnection::handle_sent
/// [`handle_timeout`]: ServerConnection::handle_timeout
/// [`handle_reset`]: ServerConnection::handle_reset
/// [`respond`]: ServerConnection::respond
/// [`send_body`]: ServerConnection::send_body
/// [`fill_body`]: ServerConnection::fill_body
/// [`note_external_send`]: ServerConnection::note_external_send
/// [`send_trailers`]: ServerConnection::send_trailers
/// [`finish`]: ServerConnection::finish
/// [`abort`]: ServerConnection::abort
/// [`retire`]: ServerConnection::retire
/// [`poll_transmit`]: ServerConnection::poll_transmit
/// [`poll_timeout`]: ServerConnection::poll_timeout
/// [`disposition`]: ServerConnection::disposition
/// [`is_readable`]: ServerConnection::is_readable
///
/// ```
/// use wirenut::http::{Context, ServerEvent, Limits, Response, ServerConnection, Status};
/// use wirenut::time::Instant;
///
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut connection = ServerConnection::new(&cx);
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let mut out = [0; 256];
///
/// let (used, event) = connection.receive(&cx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut store).unwrap();
/// let ServerEvent::Head(head) = event else { panic!() };
/// assert_eq!((used, head.target.path()), (27, &b"/"[..]));
/// let mut written = connection.respond(&cx, &Response::new(Status::OK).with_length(5), &mut out).unwrap();
/// written += connection.send_body(&cx, b"hello", &mut out[written..]).unwrap().1;
/// connection.finish(&cx).unwrap();
/// assert_eq!(&out[..written], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
/// assert!(matches!(connection.receive(&cx, b"", &mut store), Ok((0, ServerEvent::NeedMore))));
/// ```
#[derive(Clone, Debug)]
pub struct ServerConnection {
    /// What comes.
    machine: Machine,
    /// Bytes left of the response's body.
    unsent: u64,
    /// The peer's, to send what is awaited: runs while it is the peer's turn.
    peer_timer: Timer,
    /// The peer's, to take what is written.
    write_timer: Timer,
    states: States,
    sending: OutboundFraming,
    ending: Ending,
    broken: Option<Rule>,
}

impl ServerConnection {
    /// A fresh connection, which waits for its first request for at most [`Limits::head`](crate::http::Limits::head).
    #[must_use]
    pub fn new(cx: &Context<'_>) -> Self {
        let mut peer_timer = Timer::stopped(cx.limits.head);
        peer_timer.start(cx.now);
        Self {
            machine: Machine::new(cx.limits, GrammarState::RequestStart),
            unsent: 0,
            peer_timer,
            write_timer: Timer::FULL,
            states: States::IDLE,
            sending: OutboundFraming::Length,
            ending: Ending::Open,
            broken: None,
        }
    }

    /// What to do with the connection once all that was written is sent.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.ending {
            Ending::Open | Ending::AfterResponse | Ending::Answer => Disposition::Open,
            Ending::Linger => Disposition::ShutdownWrite,
            Ending::Close => Disposition::Close,
            Ending::Abort => Disposition::Abort,
            Ending::Cut => Disposition::Cut,
        }
    }

    /// Is it the peer's turn, so that the transport should be read? If not, what comes stays with the transport:
    /// that is the back-pressure.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.peer_timer.is_running() && matches!(self.ending, Ending::Open | Ending::AfterResponse | Ending::Linger)
    }

    /// Is it between two requests (or before the first), with nothing of the next one here?
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.states.client(), State::Idle)
            && !self.machine.flags.has(Flags::BEGUN)
            && matches!(self.ending, Ending::Open)
    }

    /// Is the content of the current request complete?
    #[must_use]
    pub const fn is_request_complete(&self) -> bool {
        !matches!(self.states.client(), State::SendBody | State::Tunnel)
    }

    /// Has the head of a final response been written to the current request?
    #[must_use]
    pub const fn is_responding(&self) -> bool {
        !matches!(self.states.server(), State::Idle | State::SendHead)
    }

    /// The error that poisons the connection, if one does.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        self.broken.map(|rule| Error { rule, offset: self.machine.offset })
    }

    /// States of client and server, for tests and diagnostics.
    #[must_use]
    pub const fn states(&self) -> (State, State) {
        (self.states.client(), self.states.server())
    }

    /// What is kept about the response's body.
    fn body_writer(&mut self) -> BodyWriter<'_> {
        BodyWriter { sending: &mut self.sending, unsent: &mut self.unsent }
    }

    /// How many bytes at the front of the store must be there again at the next [`Self::receive`]: what is known of a head,
    /// or of a trailer section, of which not all has come. Zero for most connections most of the time.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.machine.stored()
    }

    /// Does the connection go on after this response, as far as both sides have said?
    fn persists(&self) -> bool {
        let flags = self.machine.flags;
        let asked = !flags.has(Flags::HTTP10) || flags.has(Flags::KEEP_ALIVE);
        self.ending == Ending::Open && asked && !flags.has(Flags::CLOSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_fits_in_64_bytes() {
        assert!(size_of::<ServerConnection>() <= 64, "{}", size_of::<ServerConnection>());
    }
}
