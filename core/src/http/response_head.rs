//! Response heads (RFC 9112 §4 to §6), as a client reads them: by the same pass as request heads.

use super::error::Rule;
use super::facts::Facts;
use super::fields::{self, Flaw};
use super::flags::Flags;
use super::head::HeadReader;
use super::pipeline::{Asked, Kind};
use super::section::Broken;
use super::start_line::{self, StartLine};
use super::{Fields, Limits, Status, Version};
use crate::scan::{self, SP};

/// A response's head. Borrows from the bytes that were received.
///
/// ```
/// use wirenut::http::{ClientConnection, ClientEvent, Context, Limits, Method, Request, ResponseFraming, Status};
/// # use wirenut::time::Instant;
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut connection = ClientConnection::new(&cx);
/// connection.request(&cx, &Request::new(Method::Get, "/", "a"), &mut [0; 64]).unwrap();
/// let (_, event) = connection.receive(&cx, b"HTTP/1.1 404 Nothing here\r\nContent-Length: 3\r\n\r\n").unwrap();
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
/// let mut connection = ClientConnection::new(&cx);
/// connection.request(&cx, &Request::new(Method::Head, "/", "a"), &mut [0; 64]).unwrap();
/// let (_, event) = connection.receive(&cx, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").unwrap();
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

impl HeadReader {
    /// Reads on in the head of the response to what was `asked`. `None`: more bytes are needed. Otherwise the head and
    /// its length.
    pub(crate) fn read_response<'b>(
        &mut self,
        limits: &Limits,
        asked: Asked,
        input: &'b [u8],
    ) -> Result<Option<(usize, ResponseHead<'b>)>, Broken> {
        if asked.kind == Kind::Connect && input.get(CODE_START) == Some(&b'2') {
            self.facts.flags.set(Flags::CONNECT);
        }
        let Some(lines) = self.read::<StatusLine>(limits, input)? else { return Ok(None) };
        let StatusLine { version, status, reason_end } = lines.start;
        let framing = self.facts.frame_response(status, asked, lines.end)?;
        if let ResponseFraming::Length(length) = framing
            && length > limits.body_bytes
        {
            return Err((Rule::BodyTooLarge, lines.end));
        }
        let reason = input.get(REASON_START..reason_end).unwrap_or(&[]);
        let head = ResponseHead { status, reason, version, fields: lines.fields, body: framing };
        Ok(Some((lines.length(), head)))
    }
}

impl Facts {
    /// RFC 9112 §6.3, in its order, but that any 2xx to CONNECT begins a tunnel, also 204 (RFC 9110 §9.3.6). The empty
    /// line is at index `end`.
    fn frame_response(&self, status: Status, asked: Asked, end: usize) -> Result<ResponseFraming, Broken> {
        if status == Status::SWITCHING_PROTOCOLS {
            let says_what = self.flags.has_all(Flags::UPGRADE_FIELD.with(Flags::UPGRADE_OPTION));
            let is_asked = asked.kind == Kind::Upgrade && !self.flags.has(Flags::HTTP10);
            return if is_asked && says_what {
                Ok(ResponseFraming::Tunnel)
            } else {
                Err((Rule::UnrequestedSwitch, CODE_START))
            };
        }
        if asked.kind == Kind::Connect && (200..300).contains(&status.code()) {
            return Ok(ResponseFraming::Tunnel);
        }
        if asked.kind == Kind::Head || status.forbids_body() {
            return Ok(ResponseFraming::Length(0));
        }
        if self.flags.has(Flags::CHUNKED) {
            return if self.flags.has(Flags::OTHER_CODING) {
                Err((Rule::UnknownTransferCoding, end))
            } else {
                Ok(ResponseFraming::Chunked)
            };
        }
        if self.flags.has(Flags::CONTENT_LENGTH) {
            return Ok(ResponseFraming::Length(self.content_length));
        }
        Ok(ResponseFraming::UntilClose)
    }
}

/// Where the status code stands.
const CODE_START: usize = 9;

#[derive(Clone, Copy)]
struct StatusLine {
    version: Version,
    status: Status,
    reason_end: usize,
}

impl StartLine for StatusLine {
    const IS_REQUEST: bool = false;
    const UNREAD: Self = Self { version: Version::Http11, status: Status::OK, reason_end: 0 };

    /// ```text
    /// status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF
    /// ```
    fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let version = start_line::version(bytes, 0)?;
        let code = match bytes.get(CODE_START.wrapping_sub(1)..).unwrap_or(&[]) {
            [SP, a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', SP, ..] => [*a, *b, *c],
            rest => return Err(not_a_code(rest)),
        };
        let code = code
            .iter()
            .fold(0_u16, |code, digit| code.wrapping_mul(10).wrapping_add(u16::from(digit.wrapping_sub(b'0'))));
        let reason_end = scan::value_end(bytes, REASON_START);
        fields::line_end(bytes, reason_end, Rule::InvalidStatusLine)?;
        Ok(Self { version, status: Status::new(code, ""), reason_end })
    }

    fn end(self) -> usize {
        self.reason_end.wrapping_add(2)
    }

    fn version(self) -> Version {
        self.version
    }

    fn too_long(_: &[u8]) -> Rule {
        Rule::HeadTooLarge
    }
}

/// Where the reason phrase begins.
const REASON_START: usize = 13;

/// The flaw of what follows the version; cut short it is waited for.
fn not_a_code(rest: &[u8]) -> Flaw {
    let fits = |(byte, pattern): &(&u8, &u8)| match **pattern {
        b'#' => byte.is_ascii_digit(),
        b'+' => byte.is_ascii_digit() && **byte != b'0',
        literal => **byte == literal,
    };
    let good = rest.iter().zip(b" +## ").take_while(fits).count();
    let at = good.saturating_add(8);
    if good == rest.len() { Flaw::ended(at) } else { Flaw::broken(Rule::InvalidStatusLine, at) }
}
