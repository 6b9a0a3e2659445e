//! What a client got, as far as it must be the same everywhere.
//!
//! The reader is of its own, and strict: what it reads, every client reads the same way.

use core::fmt;

/// How the connection ended for the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Close {
    /// In good order.
    Ended,
    /// By a reset, so that what came must not look whole.
    Reset,
}

/// How long a body is, as its head says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is none, by the status or the method.
    None,
    /// Content-Length.
    Length(usize),
    /// Transfer-Encoding.
    Chunked,
    /// To the end of the connection.
    UntilClose,
}

/// A response.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub code: u16,
    /// The head as it was sent, but for Date.
    pub head: Vec<u8>,
    /// How its body is framed.
    pub framing: Framing,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// Has all of it come? (Of a body to the end of the connection, nobody can tell.)
    pub is_whole: bool,
}

/// All that a client got.
#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The responses, interim ones included.
    pub responses: Vec<Response>,
    /// The beginning of a head, behind them.
    pub left: Vec<u8>,
    /// How it ended.
    pub close: Close,
}

impl Transcript {
    /// Reads what came in answer to requests of these methods.
    ///
    /// # Errors
    /// What no server may send, in words.
    pub fn read(methods: &[String], output: &[u8], close: Close) -> Result<Self, String> {
        let (responses, length) = read(methods, output)?;
        Ok(Self { responses, left: output[length..].to_vec(), close })
    }

    /// Without interim responses.
    #[must_use]
    pub fn without_interim(mut self) -> Self {
        self.responses.retain(|response| response.code >= 200 || response.code == 101);
        self
    }

    /// Did nothing come?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.responses.is_empty() && self.left.is_empty()
    }

    /// The status codes.
    #[must_use]
    pub fn codes(&self) -> Vec<u16> {
        self.responses.iter().map(|response| response.code).collect()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { framing, is_whole, .. } = self;
        let shown = self.body.get(..200).unwrap_or(&self.body).escape_ascii();
        let (head, length) = (self.head.escape_ascii(), self.body.len());
        write!(f, "{head} [{framing:?}, {length} bytes, whole: {is_whole}] {shown}")
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for response in &self.responses {
            writeln!(f, "      {response:?}")?;
        }
        write!(
            f,
            "      {:?}{}{}",
            self.close,
            if self.left.is_empty() { "" } else { " in " },
            self.left.escape_ascii()
        )
    }
}

/// The responses that `output` holds, the last one perhaps not whole, and where the head behind them begins.
///
/// # Errors
/// What no server may send, in words.
pub fn read(methods: &[String], output: &[u8]) -> Result<(Vec<Response>, usize), String> {
    let mut responses = Vec::new();
    let mut methods = methods.iter();
    let mut at = 0;
    let mut method = methods.next();
    while let Some(length) = find(&output[at..], b"\r\n\r\n") {
        let end = at + length + 4;
        let (response, body_length) = read_response(method.map(String::as_str), &output[at..end], &output[end..])
            .map_err(|why| format!("{why} in {}", output[at..end].escape_ascii()))?;
        at = end + body_length;
        if response.code >= 200 {
            method = methods.next();
        }
        responses.push(response);
    }
    Ok((responses, at))
}

/// A response with this head, and the length of its body with all framing.
fn read_response(method: Option<&str>, head: &[u8], rest: &[u8]) -> Result<(Response, usize), &'static str> {
    let (code, fields) = read_head(head)?;
    let framing = framing(method.ok_or("an answer to no request")?, code, &fields)?;
    let without_date = lines(head).filter(|line| !line.to_ascii_lowercase().starts_with(b"date:"));
    let head = without_date.flat_map(|line| [line, b"\r\n"]).flatten().copied().collect();
    let (body, length, is_whole) = match framing {
        Framing::None => (Vec::new(), 0, true),
        Framing::Length(length) => {
            (rest[..length.min(rest.len())].to_vec(), length.min(rest.len()), rest.len() >= length)
        }
        Framing::Chunked => read_chunks(rest)?,
        Framing::UntilClose => (rest.to_vec(), rest.len(), true),
    };
    Ok((Response { code, head, framing, body, is_whole }, length))
}

type Fields = Vec<(String, String)>;

fn read_head(head: &[u8]) -> Result<(u16, Fields), &'static str> {
    let head = head.strip_suffix(b"\r\n\r\n").ok_or("no end")?;
    let head = core::str::from_utf8(head).ok().filter(|head| head.is_ascii()).ok_or("more than ASCII")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).ok_or("not HTTP/1.1")?;
    let (code, reason) = status.split_once(' ').ok_or("no reason")?;
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !is_code || reason.is_empty() || reason.contains(|c: char| c.is_ascii_control()) {
        return Err("bad status line");
    }
    let fields = lines.map(|line| {
        let (name, value) = line.split_once(": ").ok_or("no colon and space")?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_value = value == value.trim() && !value.contains(|c: char| c.is_ascii_control());
        if is_name && is_value { Ok((name.to_ascii_lowercase(), value.to_owned())) } else { Err("bad field") }
    });
    Ok((code.parse().map_err(|_| "bad status")?, fields.collect::<Result<_, _>>()?))
}

fn framing(method: &str, code: u16, fields: &[(String, String)]) -> Result<Framing, &'static str> {
    let values = |name: &str| fields.iter().filter(|field| field.0 == name).map(|field| field.1.as_str()).collect();
    let (lengths, codings): (Vec<&str>, Vec<&str>) = (values("content-length"), values("transfer-encoding"));
    if code == 101 {
        // Bytes of another protocol, which the connection ends with.
        return Ok(Framing::UntilClose);
    }
    let is_bodiless = code < 200 || code == 204;
    let framing = match (&lengths[..], &codings[..]) {
        ([], []) if is_bodiless || code == 304 => Framing::None,
        _ if is_bodiless => return Err("a length where no body is"),
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            Framing::Length(length.parse().map_err(|_| "bad length")?)
        }
        ([], ["chunked"]) => Framing::Chunked,
        ([], []) if values("connection") == ["close"] => Framing::UntilClose,
        _ => return Err("bad framing"),
    };
    Ok(if method == "HEAD" || code == 304 { Framing::None } else { framing })
}

/// The content, the length of it with its framing, and whether it is whole.
fn read_chunks(bytes: &[u8]) -> Result<(Vec<u8>, usize, bool), &'static str> {
    let mut content = Vec::new();
    let mut at = 0;
    loop {
        let Some(end) = find(&bytes[at..], b"\r\n") else { return Ok((content, bytes.len(), false)) };
        let digits = core::str::from_utf8(&bytes[at..at + end]).map_err(|_| "bad chunk size")?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = usize::from_str_radix(digits, 16).ok().filter(|_| is_number).ok_or("bad chunk size")?;
        let data = at + end + 2;
        let rest = &bytes[data..];
        content.extend_from_slice(&rest[..size.min(rest.len())]);
        match rest.get(size..size + 2) {
            None => return Ok((content, bytes.len(), false)),
            Some(b"\r\n") if size == 0 => return Ok((content, data + 2, true)),
            Some(b"\r\n") => at = data + size + 2,
            Some(_) => return Err("no end of a chunk, or trailers"),
        }
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = head;
    core::iter::from_fn(move || {
        let end = find(rest, b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        Some(line)
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bytes;

    fn check(method: &str, text: &str, expected: Result<&[(u16, &str, bool)], &str>) {
        let read = read(&[method.to_owned()], &bytes(text));
        let got = read.map(|(responses, _)| {
            let body = |response: &Response| String::from_utf8(response.body.clone()).expect("a text");
            responses.iter().map(|response| (response.code, body(response), response.is_whole)).collect::<Vec<_>>()
        });
        match (got, expected) {
            (Ok(got), Ok(expected)) => {
                let got: Vec<_> = got.iter().map(|(code, body, whole)| (*code, body.as_str(), *whole)).collect();
                assert_eq!(got, expected, "{text}");
            }
            (Err(got), Err(expected)) => assert!(got.starts_with(expected), "{got}: {text}"),
            (got, expected) => panic!("{got:?} {expected:?} {text}"),
        }
    }

    #[test]
    fn what_a_client_may_get_is_read() {
        check("GET", "HTTP/1.1 200 OK↵Content-Length: 2↵↵ab", Ok(&[(200, "ab", true)]));
        check("GET", "HTTP/1.1 200 OK↵Content-Length: 3↵↵ab", Ok(&[(200, "ab", false)]));
        check("HEAD", "HTTP/1.1 200 OK↵Content-Length: 3↵↵", Ok(&[(200, "", true)]));
        check("PUT", "HTTP/1.1 100 Continue↵↵HTTP/1.1 204 No Content↵↵", Ok(&[(100, "", true), (204, "", true)]));
        check("GET", "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵1↵a↵2↵bc↵0↵↵", Ok(&[(200, "abc", true)]));
        check("GET", "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵1↵a↵2↵b", Ok(&[(200, "ab", false)]));
        check("GET", "HTTP/1.1 200 OK↵Connection: close↵↵abc", Ok(&[(200, "abc", true)]));
        check("GET", "HTTP/1.1 200 OK↵Content-Le", Ok(&[]));
    }

    #[test]
    fn what_no_client_may_get_is_refused() {
        check("GET", "HTTP/1.0 200 OK↵Content-Length: 0↵↵", Err("not HTTP/1.1"));
        check("GET", "HTTP/1.1 200 OK↵↵", Err("bad framing"));
        check("GET", "HTTP/1.1 200 OK↵Content-Length: 1↵Content-Length: 1↵↵a", Err("bad framing"));
        check("GET", "HTTP/1.1 200 OK↵Content-Length: 1↵Transfer-Encoding: chunked↵↵a", Err("bad framing"));
        check("GET", "HTTP/1.1 204 No Content↵Content-Length: 0↵↵", Err("a length where no body is"));
        check("GET", "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵0x1↵a↵0↵↵", Err("bad chunk size"));
        check("GET", "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵0↵A: b↵↵", Err("no end of a chunk"));
        check("GET", "HTTP/1.1 200 OK↵A:b↵↵", Err("no colon and space"));
        check("GET", "HTTP/1.1 204 No Content↵↵HTTP/1.1 204 No Content↵↵", Err("an answer to no request"));
    }

    #[test]
    fn the_date_is_left_out() {
        let output = bytes("HTTP/1.1 204 No Content↵Date: today↵A: b↵↵");
        let transcript = Transcript::read(&["GET".to_owned()], &output, Close::Ended).expect("a response");
        assert_eq!(transcript.responses[0].head, bytes("HTTP/1.1 204 No Content↵A: b↵↵"));
    }
}
