//! Response heads (RFC 9112 §4 to §6), as a client reads them: by the same machine as request heads.

use super::fields::Fields;
use super::request::Request;
use super::request_head::{ReadHead, split_line};
use super::request_kind::{RequestKind, ResponseKind};
use crate::http::error::Error;
use crate::http::flags::Flags;
use crate::http::framing::ResponseFraming;
use crate::http::grammar::incoming::Incoming;
use crate::http::grammar::machine::Machine;
#[cfg(feature = "quick")]
use crate::http::grammar::quick::{self, QuickResponse};
use crate::http::grammar::response_framing::{REASON_START, status};
use crate::http::grammar::state::State;
use crate::http::limits::Limits;
use crate::http::status::Status;
use crate::http::version::Version;

/// A response's head. Borrows from the bytes that were received, or from the store.
///
/// ```
/// use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request, ResponseFraming, Status};
/// # use wirenut::time::Instant;
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let mut connection = ClientConnection::new(&cx);
/// connection.request(&cx, &Request::new(Method::Get, "/", "a"), &mut [0; 64]).unwrap();
/// let (_, event) = connection.receive(&cx, b"HTTP/1.1 404 Nothing here\r\nContent-Length: 3\r\n\r\n", &mut store).unwrap();
/// let ClientEvent::Head(head) = event else { panic!() };
/// assert_eq!((head.status, head.reason), (Status::NOT_FOUND, &b"Nothing here"[..]));
/// assert_eq!(head.body, ResponseFraming::Length(3));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ResponseHead<'b> {
    /// The status code, from 100 to 999; one above 599 means what 500 means (RFC 9110 §15). Its own phrase is empty,
    /// for what came is in `reason`.
    pub status: Status,
    /// The reason phrase, which means nothing and may be empty.
    pub reason: &'b [u8],
    /// The version.
    pub version: Version,
    /// The field lines.
    pub fields: Fields<'b>,
    /// What follows the head.
    pub body: ResponseFraming,
}

impl Machine {
    /// Reads on in the head of the response to what was `asked`.
    pub(crate) fn read_response<'b>(
        &mut self,
        limits: &Limits,
        asked: RequestKind,
        input: &'b [u8],
        store: &'b mut [u8],
    ) -> ReadHead<ResponseHead<'b>> {
        self.flags.clear(Flags::ASKED);
        self.flags.set(match asked.kind {
            ResponseKind::Content => Flags::NONE,
            ResponseKind::Head => Flags::HEAD_ASKED,
            ResponseKind::Connect => Flags::CONNECT_ASKED,
            ResponseKind::Upgrade => Flags::UPGRADE_ASKED,
        });
        #[cfg(feature = "quick")]
        if self.is_at_start()
            && let Some(quick) = quick::response(self, limits, input)
        {
            let QuickResponse { length, status, reason, version, lines, body } = quick;
            let fields = Fields::validated(lines, limits.field_filter);
            return (length, Ok(Some(ResponseHead { status, reason, version, fields, body })));
        }
        let mut incoming = Incoming { rest: input, store: &mut *store };
        let mut read = self.read(limits, &mut incoming);
        if self.state == State::ResponseRead {
            // Only the whole head decides what follows it. What is wrong then is so at its empty line.
            if let Err(rule) = self.judge_response(limits, status(self.lines(incoming.store))) {
                self.offset = self.offset.saturating_sub(1);
                return (0, Err(rule));
            }
            self.state = State::SectionLf;
            read = self.read(limits, &mut incoming);
        }
        let used = input.len().saturating_sub(incoming.rest.len());
        if let Err(rule) = read {
            return (used, Err(rule));
        }
        if self.state != State::SectionDone {
            return (used, Ok(None));
        }
        let (line, fields) = split_line(self.lines(store));
        let status = status(line);
        // It was judged with the empty line.
        let head = self.judge_response(limits, status).map(|body| {
            let reason = line.get(REASON_START..).unwrap_or(&[]);
            let fields = Fields::validated(fields, limits.field_filter);
            Some(ResponseHead { status, reason, version: self.version(), fields, body })
        });
        (used, head)
    }
}

impl<'b> ResponseHead<'b> {
    /// Reads the response's head that `bytes` begin with, and takes every decision that its framing needs; these depend
    /// on the request that it answers. Returns its length in bytes, and it; `None` where more bytes are needed. `store`
    /// holds [`Limits::store_bytes`]; the head lies there, or in `bytes`.
    ///
    /// For those who only look, as [`RequestHead::parse`](crate::http::RequestHead::parse); beside a
    /// [`ClientConnection`](crate::http::ClientConnection).
    ///
    /// # Errors
    /// The rule that is broken, and the index of the byte that broke it; for what only the whole head decides, that of
    /// its empty line.
    ///
    /// ```
    /// use wirenut::http::{Limits, Method, Request, ResponseFraming, ResponseHead};
    /// let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    /// let framing = |method| {
    ///     let mut store = [0; Limits::DEFAULT.store_bytes()];
    ///     let request = Request::new(method, "/", "a");
    ///     let (length, head) = ResponseHead::parse(&Limits::DEFAULT, &request, bytes, &mut store).unwrap().unwrap();
    ///     (length, head.body)
    /// };
    /// assert_eq!(framing(Method::Get), (bytes.len(), ResponseFraming::Length(3)));
    /// assert_eq!(framing(Method::Head), (bytes.len(), ResponseFraming::Length(0)));
    /// ```
    pub fn parse(
        limits: &Limits,
        request: &Request<'_>,
        bytes: &'b [u8],
        store: &'b mut [u8],
    ) -> Result<Option<(usize, Self)>, Error> {
        let mut machine = Machine::response(limits);
        let (length, read) = machine.read_response(limits, request.asked(), bytes, store);
        match read {
            Ok(head) => Ok(head.map(|head| (length, head))),
            Err(rule) => Err(Error { rule, offset: machine.offset }),
        }
    }
}
