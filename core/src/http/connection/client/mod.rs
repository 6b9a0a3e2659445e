//! The client's end of an HTTP/1.x connection: bytes of requests out, bytes of responses in.

mod call;
mod ending;
mod receive;
mod send;
#[cfg(test)]
mod tests;

pub use call::{CallError, CallListener, CallState, ClientCall, ClientCallAt};

use super::context::Context;
use super::state::State;
use super::{Client, Connection};
use crate::http::body::write::OutboundFraming;
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::grammar::machine::Machine;
use crate::http::message::fields::Fields;
use crate::http::message::response_head::ResponseHead;
use crate::time::Timer;

/// What [`ClientConnection::receive`] found. All of it belongs to the oldest request that is not answered.
///
/// ```
/// # use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request, Status};
/// # use wirenut::time::Instant;
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let mut connection = ClientConnection::new(&cx);
/// connection.request(&cx, &Request::new(Method::Get, "/", "a"), &mut [0; 64]).unwrap();
/// let (_, event) = connection.receive(&cx, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", &mut store).unwrap();
/// assert!(matches!(event, ClientEvent::Interim(head) if head.status == Status::EARLY_HINTS));
/// assert!(matches!(connection.receive(&cx, b"", &mut store), Ok((0, ClientEvent::NeedMore))));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientEvent<'b> {
    /// More bytes are needed; all that came were consumed.
    NeedMore,
    /// The response is complete, and the request is not: nothing is taken until it is.
    Paused,
    /// An interim response (1xx): 100, 103, or any other but 101. The final one still has to come.
    Interim(ResponseHead<'b>),
    /// The final response.
    Head(ResponseHead<'b>),
    /// A piece of its content (or, after an upgrade, bytes of the tunnel), never empty. It is consumed by
    /// [`ClientConnection::take_body`], as far as it is wanted.
    Body(&'b [u8]),
    /// The content is complete, with the trailer fields if there are any. Comes once for each response, also for one
    /// without content, and never for one that was cut off.
    End(Fields<'b>),
    /// Nothing more will be taken.
    Closed,
}

/// One HTTP/1.x connection, seen from the client.
///
/// It does no I/O, owns no bytes, reads no clock, and fits in 64 bytes. Its methods are of four kinds:
///
/// | kind | methods | meaning |
/// |---|---|---|
/// | getter | [`disposition`], [`is_readable`], [`may_retry`], … | changes nothing |
/// | input | [`receive`], [`take_body`], [`handle_eof`], [`handle_sent`], [`handle_timeout`], [`handle_reset`] | something happened |
/// | command | [`request`], [`send_body`], [`fill_body`], [`note_external_send`], [`send_trailers`], [`finish`], [`abort`], [`retire`] | the application wants something |
/// | output | [`poll_transmit`], [`poll_timeout`] | what the connection itself has to say |
///
/// After any input or command call [`poll_transmit`] until it writes nothing, then [`receive`] until it says
/// [`ClientEvent::NeedMore`], [`ClientEvent::Paused`] or [`ClientEvent::Closed`]; then obey [`disposition`].
///
/// Up to five requests may wait for their answers, which come in their order. Behind one that may switch protocols
/// (CONNECT, or one with an Upgrade field) nothing is sent before it is answered.
///
/// [`receive`]: ClientConnection::receive
/// [`take_body`]: ClientConnection::take_body
/// [`handle_eof`]: ClientConnection::handle_eof
/// [`handle_sent`]: ClientConnection::handle_sent
/// [`handle_timeout`]: ClientConnection::handle_timeout
/// [`handle_reset`]: ClientConnection::handle_reset
/// [`request`]: ClientConnection::request
/// [`send_body`]: ClientConnection::send_body
/// [`fill_body`]: ClientConnection::fill_body
/// [`note_external_send`]: ClientConnection::note_external_send
/// [`send_trailers`]: ClientConnection::send_trailers
/// [`finish`]: ClientConnection::finish
/// [`abort`]: ClientConnection::abort
/// [`retire`]: ClientConnection::retire
/// [`poll_transmit`]: ClientConnection::poll_transmit
/// [`poll_timeout`]: ClientConnection::poll_timeout
/// [`disposition`]: ClientConnection::disposition
/// [`is_readable`]: ClientConnection::is_readable
/// [`may_retry`]: ClientConnection::may_retry
///
/// ```
/// use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request, Status};
/// use wirenut::time::Instant;
///
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut connection = ClientConnection::new(&cx);
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let mut out = [0; 256];
///
/// let request = Request::new(Method::Post, "/greet", "example.org").with_length(5);
/// let mut written = connection.request(&cx, &request, &mut out).unwrap();
/// written += connection.send_body(&cx, b"hello", &mut out[written..]).unwrap().1;
/// connection.finish(&cx).unwrap();
/// assert_eq!(&out[..written], b"POST /greet HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nhello");
///
/// let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
/// let (used, event) = connection.receive(&cx, answer, &mut store).unwrap();
/// assert!(matches!(event, ClientEvent::Head(head) if head.status == Status::OK));
/// let (_, event) = connection.receive(&cx, &answer[used..], &mut store).unwrap();
/// assert_eq!(event, ClientEvent::Body(b"hi"));
/// connection.take_body(&cx, 2);
/// assert!(matches!(connection.receive(&cx, b"", &mut store), Ok((0, ClientEvent::End(_)))));
/// assert!(connection.is_idle());
/// ```
pub type ClientConnection = Connection<Client>;

impl Connection<Client> {
    /// A fresh connection, which waits for its first request for at most [`Limits::idle`](crate::http::Limits::idle).
    #[must_use]
    pub fn new(cx: &Context<'_>) -> Self {
        let mut peer_timer = Timer::stopped(cx.limits.idle);
        peer_timer.start(cx.now);
        Self::fresh(Machine::response(cx.limits), peer_timer)
    }

    /// How many requests have no whole response yet. The connection knows them by their order only.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        usize::from(self.pipeline.len())
    }

    /// Is the body of the current request held back, until a 100 comes or
    /// [`Limits::expect`](crate::http::Limits::expect) is over?
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.machine.flags.has(Flags::EXPECT_CONTINUE)
    }

    /// Is the rest of the current request's body not wanted, because the final answer is here? What is still given is
    /// thrown away, and the connection ends after the response.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.sending == OutboundFraming::Discarded
    }

    /// If the connection fails, or has failed: may this request be sent again on another one without asking anybody
    /// (RFC 9110 §9.2.2)? Requests without a whole response are counted from the oldest, 0. `false` if there is none
    /// of that number.
    ///
    /// Yes where no byte of its answer has come and its method is idempotent, or where the server has closed with an
    /// earlier response, so that it did not act on this request ([`Rule::NotProcessed`], RFC 9112 §9.6). Whether
    /// the body can be made again, only its maker knows.
    ///
    /// ```
    /// use wirenut::http::{ClientConnection, Context, Limits, Method, Request, Rule};
    /// # use wirenut::time::Instant;
    /// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    /// let mut connection = ClientConnection::new(&cx);
    /// connection.request(&cx, &Request::new(Method::Get, "/", "a"), &mut [0; 64]).unwrap();
    /// connection.request(&cx, &Request::new(Method::Post, "/", "a"), &mut [0; 64]).unwrap();
    /// assert_eq!(connection.handle_eof(&cx).unwrap_err().rule, Rule::Unanswered);
    /// assert!(connection.may_retry(0) && !connection.may_retry(1));
    /// ```
    #[must_use]
    pub fn may_retry(&self, nth: usize) -> bool {
        let Some(asked) = u8::try_from(nth).ok().and_then(|nth| self.pipeline.get(nth)) else { return false };
        let is_seen = nth == 0 && self.machine.flags.has(Flags::SEEN);
        self.broken == Some(Rule::NotProcessed) || (asked.is_idempotent && !is_seen)
    }

    /// Is the oldest request the one that is being sent?
    fn is_sending_oldest(&self) -> bool {
        self.states.client() == State::SendBody && self.pipeline.len() == 1
    }
}
