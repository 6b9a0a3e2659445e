//! Heads without a connection: the same pass, as a pure function of bytes.

use super::error::Error;
use super::facts::Facts;
use super::flags::Flags;
use super::head::{Head, HeadReader};
use super::section::{Broken, LineProgress};
use super::start_line::RequestLine;
use super::{Limits, Request, ResponseHead};

impl HeadReader {
    const fn new() -> Self {
        let facts = Facts { content_length: 0, flags: Flags::NONE };
        Self { facts, progress: LineProgress { line: 0, searched: 0 }, field_count: 0, dropped: 0 }
    }
}

impl<'b> Head<'b> {
    /// Reads the request's head that `bytes` begin with, and takes every decision that its framing needs. Returns its
    /// length in bytes, and it; `None` where more bytes are needed.
    ///
    /// For those who only look: a [`ServerConnection`](super::ServerConnection) reads a head that comes in pieces in
    /// linear time, overlooks empty lines before it, and does what follows from it.
    ///
    /// # Errors
    /// The rule that is broken, and the index of the byte that broke it.
    ///
    /// ```
    /// use wirenut::http::{BodyFraming, Head, Limits, Rule};
    /// let bytes = b"PUT /a HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc";
    /// let (length, head) = Head::parse(&Limits::DEFAULT, bytes).unwrap().unwrap();
    /// assert_eq!((&bytes[length..], head.body), (&b"abc"[..], BodyFraming::Length(3)));
    /// assert_eq!(Head::parse(&Limits::DEFAULT, b"PUT /a HTTP/1.1\r\nHost"), Ok(None));
    /// let error = Head::parse(&Limits::DEFAULT, b"PUT /a HTTP/1.1\r\nHost : b\r\n").unwrap_err();
    /// assert_eq!((error.rule, error.offset), (Rule::SpaceBeforeColon, 21));
    /// ```
    #[inline]
    pub fn parse(limits: &Limits, bytes: &'b [u8]) -> Result<Option<(usize, Self)>, Error> {
        let mut reader = HeadReader::new();
        let lines = match reader.read::<RequestLine>(limits, bytes) {
            Ok(Some(lines)) => lines,
            Ok(None) => return Ok(None),
            Err(broken) => return Err(error(broken)),
        };
        match reader.facts.judge(limits, bytes, &lines) {
            Ok(head) => Ok(Some((lines.length(), head))),
            Err(broken) => Err(error(broken)),
        }
    }
}

impl<'b> ResponseHead<'b> {
    /// Reads the response's head that `bytes` begin with, and takes every decision that its framing needs; these depend
    /// on the request that it answers. Returns its length in bytes, and it; `None` where more bytes are needed.
    ///
    /// For those who only look, as [`Head::parse`]; beside a [`ClientConnection`](super::ClientConnection).
    ///
    /// # Errors
    /// The rule that is broken, and the index of the byte that broke it.
    ///
    /// ```
    /// use wirenut::http::{Limits, Method, Request, ResponseFraming, ResponseHead};
    /// let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    /// let parse = |method| ResponseHead::parse(&Limits::DEFAULT, &Request::new(method, "/", "a"), bytes);
    /// let (length, head) = parse(Method::Get).unwrap().unwrap();
    /// assert_eq!((length, head.body), (bytes.len(), ResponseFraming::Length(3)));
    /// assert_eq!(parse(Method::Head).unwrap().unwrap().1.body, ResponseFraming::Length(0));
    /// ```
    pub fn parse(limits: &Limits, request: &Request<'_>, bytes: &'b [u8]) -> Result<Option<(usize, Self)>, Error> {
        HeadReader::new().read_response(limits, request.asked(), bytes).map_err(error)
    }
}

#[cold]
fn error((rule, at): Broken) -> Error {
    Error { rule, offset: u64::try_from(at).unwrap_or(u64::MAX) }
}
