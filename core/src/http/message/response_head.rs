//! Response heads (RFC 9112 §4 to §6), as a client reads them: by the same machine as request heads.

use super::fields::Fields;
use super::request::Request;
use super::request_head::{ReadHead, split_line};
use super::request_kind::{RequestKind, ResponseKind};
use crate::http::error::{Error, Rule};
use crate::http::flags::Flags;
use crate::http::grammar::machine::Machine;
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

/// How a response's body is delimited (RFC 9112 §6.3).
///
/// ```
/// # use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request, ResponseFraming};
/// # use wirenut::time::Instant;
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut store = [0; Limits::DEFAULT.store_bytes()];
/// let mut connection = ClientConnection::new(&cx);
/// connection.request(&cx, &Request::new(Method::Head, "/", "a"), &mut [0; 64]).unwrap();
/// let (_, event) = connection.receive(&cx, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", &mut store).unwrap();
/// assert!(matches!(event, ClientEvent::Head(head) if head.body == ResponseFraming::Length(0)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseFraming {
    /// So many bytes; zero where there is no body (also after HEAD, whatever the fields say).
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
    /// By the end of the connection. If there is a Transfer-Encoding field, its codings are still to be undone.
    UntilClose,
    /// No HTTP any more: what follows are the bytes of a tunnel or of another protocol.
    Tunnel,
}

impl Machine {
    /// Reads on in the head of the response to what was `asked`.
    pub(super) fn read_response<'b>(
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
            && let Some((length, head)) = super::quick::response(self, limits, input)
        {
            return (length, Ok(Some(head)));
        }
        let (mut used, mut read) = self.read(limits, input, store);
        if self.state == State::ResponseRead {
            // Only the whole head decides what follows it. What is wrong then is so at its empty line.
            if let Err(rule) = self.judge_response(limits, status(self.lines(store))) {
                self.offset = self.offset.saturating_sub(1);
                return (used.saturating_sub(1), Err(rule));
            }
            self.state = State::SectionLf;
            let (line_end, judged) = self.read(limits, input.get(used..).unwrap_or(&[]), store);
            (used, read) = (used.saturating_add(line_end), judged);
        }
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

    /// See [`framing`]. Interim responses count as field lines, so that there is an end to them.
    pub(super) fn judge_response(&self, limits: &Limits, status: Status) -> Result<ResponseFraming, Rule> {
        let framing = framing(self.flags, self.length, limits, status)?;
        let is_interim = status.is_informational() && framing != ResponseFraming::Tunnel;
        if is_interim && self.field_count >= limits.field_count { Err(Rule::TooManyFields) } else { Ok(framing) }
    }
}

/// The status of a start line.
fn status(line: &[u8]) -> Status {
    let digits = line.get(CODE_START..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
    Status::new(code(digits), "")
}

/// RFC 9112 §6.3, in its order, but that any 2xx to CONNECT begins a tunnel, also 204 (RFC 9110 §9.3.6).
fn framing(flags: Flags, length: u64, limits: &Limits, status: Status) -> Result<ResponseFraming, Rule> {
    if status == Status::SWITCHING_PROTOCOLS {
        let says_what = flags.has_all(Flags::UPGRADE_FIELD.with(Flags::UPGRADE_OPTION));
        let is_asked = flags.has(Flags::UPGRADE_ASKED) && !flags.has(Flags::HTTP10);
        return if is_asked && says_what { Ok(ResponseFraming::Tunnel) } else { Err(Rule::UnrequestedSwitch) };
    }
    if flags.has(Flags::CONNECT_ASKED) && (200..300).contains(&status.code()) {
        return Ok(ResponseFraming::Tunnel);
    }
    if flags.has(Flags::HEAD_ASKED) || status.forbids_body() {
        return Ok(ResponseFraming::Length(0));
    }
    if flags.has(Flags::CHUNKED) {
        return if flags.has(Flags::OTHER_CODING) {
            Err(Rule::UnknownTransferCoding)
        } else {
            Ok(ResponseFraming::Chunked)
        };
    }
    if !flags.has(Flags::CONTENT_LENGTH) {
        return Ok(ResponseFraming::UntilClose);
    }
    if length > limits.body_bytes { Err(Rule::BodyTooLarge) } else { Ok(ResponseFraming::Length(length)) }
}

/// The number of three digits.
pub(super) fn code(digits: [u8; 3]) -> u16 {
    digits.iter().fold(0, |code: u16, digit| code.wrapping_mul(10).wrapping_add(u16::from(digit.wrapping_sub(b'0'))))
}

/// Where the status code stands.
const CODE_START: usize = 9;

/// Where the reason phrase begins.
pub(super) const REASON_START: usize = 13;

impl<'b> ResponseHead<'b> {
    /// Reads the response's head that `bytes` begin with, and takes every decision that its framing needs; these depend
    /// on the request that it answers. Returns its length in bytes, and it; `None` where more bytes are needed. `store`
    /// holds [`Limits::store_bytes`]; the head lies there, or in `bytes`.
    ///
    /// For those who only look, as [`Head::parse`](crate::http::RequestHead::parse); beside a
    /// [`ClientConnection`](crate::http::ClientConnection).
    ///
    /// # Errors
    /// The rule that is broken, and the index of the byte that broke it; for what only the whole head decides, that of its empty line.
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
