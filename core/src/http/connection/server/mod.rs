//! The server's end of an HTTP/1.x connection: bytes of requests in, bytes of responses out.

mod ending;
mod receive;
mod send;
mod tunnel;

use super::context::Context;
use super::state::State;
use super::{Connection, Ending, Server};
use crate::http::error::Rule;
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
/// use wirenut::http::{Context, Limits, Response, ServerConnection, ServerEvent, Status};
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
pub type ServerConnection = Connection<Server>;

impl Connection<Server> {
    /// A fresh connection, which waits for its first request for at most [`Limits::head`](crate::http::Limits::head).
    #[must_use]
    pub fn new(cx: &Context<'_>) -> Self {
        let mut peer_timer = Timer::stopped(cx.limits.head);
        peer_timer.start(cx.now);
        Self::fresh(Machine::new(cx.limits, GrammarState::RequestStart), peer_timer)
    }

    /// A connection for which there is no room: [`Self::poll_transmit`] answers 503 ([`Rule::Overloaded`]), whatever
    /// comes. Then it lingers.
    ///
    /// ```
    /// # use wirenut::http::{Context, Limits, ServerConnection};
    /// # let cx = Context { now: wirenut::time::Instant::START, limits: &Limits::DEFAULT, date: None };
    /// let (mut connection, mut out) = (ServerConnection::refusing(&cx), [0; 160]);
    /// let written = connection.poll_transmit(&cx, &mut out);
    /// assert!(out[..written].starts_with(b"HTTP/1.1 503 Service Unavailable\r\n"));
    /// ```
    #[must_use]
    pub fn refusing(cx: &Context<'_>) -> Self {
        let mut refusing = Self::new(cx);
        refusing.refuse(cx);
        refusing
    }

    /// The same for a connection that is there, and on which nothing was said.
    pub fn refuse(&mut self, cx: &Context<'_>) {
        self.machine.flags.set(Flags::BEGUN);
        self.fail(cx, Rule::Overloaded);
    }

    /// Is the content of the current request complete?
    #[must_use]
    pub const fn is_request_complete(&self) -> bool {
        !matches!(self.states.client(), State::SendBody | State::Tunnel)
    }

    /// Has a part of a request's head come?
    pub(crate) const fn is_in_head(&self) -> bool {
        matches!(self.states.client(), State::Idle) && self.machine.flags.has(Flags::BEGUN)
    }

    /// Has the head of a final response been written to the current request?
    #[must_use]
    pub const fn is_responding(&self) -> bool {
        !matches!(self.states.server(), State::Idle | State::SendHead)
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
