//! What the log says of each request.

use core::net::SocketAddr;
use std::time::{Instant as Clock, SystemTime};

use wirenut::http::service::{Observer, Refusal, Responder, Summary};
use wirenut::http::{Error, RequestHead, Status, Version};

use super::exchange::{Exchange, NOBODY};
use super::service::Files;
use crate::log::{AccessLog, Line};

/// What the log will say of a request.
#[derive(Debug)]
pub struct Request {
    peer: SocketAddr,
    method: Box<[u8]>,
    target: Box<[u8]>,
    version: Version,
    /// The values of Referer and User-Agent.
    origin: [Box<[u8]>; 2],
    date: SystemTime,
    begun: Clock,
}

/// A line for each request, if there is a log.
impl Observer<Files> for Option<AccessLog> {
    type Record = Option<Box<Request>>;

    fn begin(&self, head: &RequestHead<'_>, responder: &Responder<'_>) -> Self::Record {
        self.as_ref()?;
        Some(Box::new(Request {
            peer: responder.peer().unwrap_or(NOBODY),
            method: head.method.as_bytes().into(),
            target: head.target.raw().into(),
            version: head.version,
            origin: ["Referer", "User-Agent"].map(|name| head.fields.get(name).unwrap_or_default().into()),
            date: SystemTime::now(),
            begun: Clock::now(),
        }))
    }

    fn end(&self, request: Self::Record, exchange: &Exchange, summary: Summary, _: Result<(), Error>) {
        let (Some(log), Some(request)) = (self, request) else { return };
        log.record(&Line {
            peer: request.peer,
            user: exchange.user.as_deref().unwrap_or_default(),
            method: &request.method,
            target: &request.target,
            version: version_text(request.version),
            referer: &request.origin[0],
            user_agent: &request.origin[1],
            date: request.date,
            status: summary.status,
            sent: summary.written.saturating_add(exchange.moved.get()),
            took: Some(request.begun.elapsed()),
        });
    }

    /// As much as came. The connection has answered it, without content.
    fn refused(&self, refusal: &Refusal<'_>) {
        let Some(log) = self else { return };
        let [method, target, version] = words(refusal.received);
        log.record(&Line {
            peer: refusal.peer().unwrap_or(NOBODY),
            user: b"",
            method,
            target,
            version,
            referer: b"",
            user_agent: b"",
            date: SystemTime::now(),
            status: refusal.error.rule.status().map(Status::code),
            sent: 0,
            took: None,
        });
    }
}

const fn version_text(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
    }
}

/// The words of the request line, as far as they came and are some.
fn words(received: &[u8]) -> [&[u8]; 3] {
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = received.iter().position(|byte| !is_line_end(byte)).unwrap_or(received.len());
    let line = received[start..].split(is_line_end).next().unwrap_or_default();
    let mut words = line.splitn(3, |byte| *byte == b' ');
    [(); 3].map(|()| words.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_came() {
        for (received, expected) in [
            (&b"GET /a HTTP/1.1\r\nHost: a\r\n"[..], [&b"GET"[..], b"/a", b"HTTP/1.1"]),
            (b"\r\n\r\nGET /a HT", [b"GET", b"/a", b"HT"]),
            (b"GET /a b HTTP/1.1\r\n", [b"GET", b"/a", b"b HTTP/1.1"]),
            (b"GET /\nX: y\r\n", [b"GET", b"/", b""]),
            (b"GET", [b"GET", b"", b""]),
            (b"\x16\x03\x01\x02\0\x01", [b"\x16\x03\x01\x02\0\x01", b"", b""]),
            (b" /", [b"", b"/", b""]),
            (b"\r\n\r\n", [b""; 3]),
            (b"", [b""; 3]),
        ] {
            assert_eq!(words(received), expected, "{}", received.escape_ascii());
        }
    }
}
