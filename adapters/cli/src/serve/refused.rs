//! What the log says of a request that was refused before it was understood: as much as came.

use std::time::SystemTime;

use wirenut::http::Status;
use wirenut::http::service::Refusal;

use super::exchange::NOBODY;
use crate::log::Line;

/// The line for a refused request. The connection has answered it, without content.
pub(super) fn line<'r>(refusal: &Refusal<'r>) -> Line<'r> {
    let [method, target, version] = words(refusal.received);
    Line {
        peer: refusal.peer().unwrap_or(NOBODY),
        method,
        target,
        version,
        referer: b"",
        user_agent: b"",
        date: SystemTime::now(),
        status: refusal.error.rule.status().map(Status::code),
        sent: 0,
        took: None,
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
