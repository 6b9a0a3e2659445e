//! A reader of what a server wrote, as a client understands it.

use crate::oracle::{self, Verdict};
use wirenut::http::Limits;

/// A response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The status code.
    pub code: u16,
    /// The reason phrase.
    pub reason: Vec<u8>,
    /// The fields in order.
    pub fields: Vec<oracle::Field>,
    /// The body.
    pub body: Vec<u8>,
    /// The fields behind it.
    pub trailers: Vec<oracle::Field>,
    /// Is it all there? For a body that ends with the connection nobody can tell: yes.
    pub is_whole: bool,
}

impl Response {
    /// The value of the first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.0.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.1.as_slice())
    }

    /// How many fields of this name there are.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.fields.iter().filter(|field| field.0.eq_ignore_ascii_case(name.as_bytes())).count()
    }
}

/// Reads all of `output`: the responses to requests of these methods (GET behind the last), interim ones included.
///
/// # Panics
/// If a client could not understand it, or could in two ways.
#[must_use]
pub fn read_all(methods: &[&str], mut output: &[u8]) -> Vec<Response> {
    let mut responses = Vec::new();
    let mut methods = methods.iter();
    let mut method = methods.next().copied().unwrap_or("GET");
    while !output.is_empty() {
        let (response, length) = read(method, output);
        output = &output[length..];
        let is_final = response.code >= 200 || response.code == 101;
        let is_tunnel = response.code == 101 || (method == "CONNECT" && (200..300).contains(&response.code));
        if is_final && !is_tunnel {
            method = methods.next().copied().unwrap_or("GET");
        }
        responses.push(response);
    }
    responses
}

/// The response that `output` begins with, and its length.
///
/// # Panics
/// As [`read_all`].
#[must_use]
pub fn read(method: &str, output: &[u8]) -> (Response, usize) {
    let mut storage = [httparse::EMPTY_HEADER; 200];
    let mut parsed = httparse::Response::new(&mut storage);
    let status = parsed.parse(output);
    let Ok(httparse::Status::Complete(head)) = status else {
        panic!("no response head: {status:?} in {}", output.escape_ascii());
    };
    let fields: Vec<_> = parsed.headers.iter().map(|h| (h.name.as_bytes().to_vec(), h.value.to_vec())).collect();
    let code = parsed.code.expect("a status");
    let reason = parsed.reason.unwrap_or("").as_bytes().to_vec();
    assert_eq!(parsed.version, Some(1));
    let mut response = Response { code, reason, fields, body: Vec::new(), trailers: Vec::new(), is_whole: true };
    let rest = &output[head..];
    let length = response.field("content-length").map(decimal);
    let is_chunked = response.field("transfer-encoding") == Some(b"chunked");
    assert!(response.count("content-length") + response.count("transfer-encoding") <= 1, "framed twice: {response:?}");
    let has_none = method == "HEAD" || code < 200 || code == 204 || code == 304;
    let is_tunnel = code == 101 || (method == "CONNECT" && (200..300).contains(&code));
    let body_length = match length {
        _ if is_tunnel => rest.len(),
        _ if has_none => 0,
        Some(length) => {
            response.is_whole = rest.len() >= length;
            length.min(rest.len())
        }
        None if is_chunked => match oracle::chunked(&Limits::DEFAULT, rest) {
            Verdict::Accepted(chunked, length) => {
                (response.body, response.trailers) = (chunked.body, chunked.trailers);
                return (response, head + length);
            }
            Verdict::Incomplete => {
                response.is_whole = false;
                rest.len()
            }
            Verdict::Refused => panic!("invalid chunks: {}", rest.escape_ascii()),
        },
        None => rest.len(),
    };
    response.body = rest[..body_length].to_vec();
    (response, head + body_length)
}

fn decimal(value: &[u8]) -> usize {
    core::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).expect("digits")
}
