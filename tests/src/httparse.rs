//! A second opinion on request heads, from a parser that everybody uses.

use httparse::{EMPTY_HEADER, Request as Theirs, Status};
use wirenut::http::{Rule, Version};

use crate::recorder::Request;

/// The rules that httparse does not have, and why: what breaks one of them it accepts.
pub const NOT_THEIRS: &[(Rule, &str)] = &[
    (Rule::BareLineFeed, "it takes a line feed for a line end"),
    (Rule::InvalidMethod, "it skips any number of empty lines, and bare line feeds for them"),
    (Rule::InvalidTarget, "it lets a target hold any visible byte, and any above 0x7f, in any form"),
    (Rule::MismatchedTarget, "it does not look at forms"),
    (Rule::MethodTooLong, "it has no bound"),
    (Rule::RequestLineTooLong, "it has no bound"),
    (Rule::HeadTooLarge, "it has no bound"),
    (Rule::TooManyFields, "its bound is the table that it is given"),
    (Rule::BodyTooLarge, "it leaves framing to others"),
    (Rule::MissingHost, "it does not look at fields"),
    (Rule::DuplicateHost, "it does not look at fields"),
    (Rule::InvalidHost, "it does not look at fields"),
    (Rule::InvalidContentLength, "it leaves framing to others"),
    (Rule::DuplicateContentLength, "it leaves framing to others"),
    (Rule::ContentLengthWithTransferEncoding, "it leaves framing to others"),
    (Rule::ChunkedNotFinal, "it leaves framing to others"),
    (Rule::InvalidTransferEncoding, "it leaves framing to others"),
    (Rule::TransferEncodingInHttp10, "it leaves framing to others"),
    (Rule::UnknownTransferCoding, "it leaves framing to others"),
    (Rule::UnknownExpectation, "it does not look at fields"),
];

/// Checks that a head which was refused for breaking `rule` is refused by httparse, too, or that the rule is not one
/// of theirs.
///
/// # Errors
/// What it reads.
pub fn refuses(bytes: &[u8], rule: Rule) -> Result<(), String> {
    let mut storage = [EMPTY_HEADER; 256];
    let mut theirs = Theirs::new(&mut storage);
    match theirs.parse(bytes) {
        Ok(Status::Complete(_)) if NOT_THEIRS.iter().all(|(not_theirs, _)| *not_theirs != rule) => {
            Err(format!("httparse reads {theirs:?}, which breaks {rule:?}"))
        }
        _ => Ok(()),
    }
}

/// Checks that httparse reads a head, which was accepted as `request` and is `length` bytes long, as the same.
///
/// # Errors
/// What it reads in another way.
pub fn accepts(bytes: &[u8], request: &Request, length: usize) -> Result<(), String> {
    let mut storage = [EMPTY_HEADER; 256];
    let mut theirs = Theirs::new(&mut storage);
    // It knows two versions; we read every other minor version as 1.1, as RFC 9110 §2.5 asks.
    let request_line = bytes.split(|&byte| byte == b'\n').find(|line| line.len() > 1).unwrap_or(&[]);
    let is_of_known_version = request_line.ends_with(b"1.0\r") || request_line.ends_with(b"1.1\r");
    match theirs.parse(bytes) {
        Ok(Status::Complete(theirs_length)) if theirs_length == length => {}
        Err(httparse::Error::Version) if !is_of_known_version => return Ok(()),
        other => return Err(format!("httparse says {other:?} of {request:?}")),
    }
    let fields: Vec<_> = theirs.headers.iter().map(|h| (h.name.as_bytes().to_vec(), h.value.to_vec())).collect();
    let version = if theirs.version == Some(0) { Version::Http10 } else { Version::Http11 };
    let (method, target) = (theirs.method.unwrap_or(""), theirs.path.unwrap_or(""));
    let read = (method.as_bytes(), target.as_bytes(), version, fields);
    let ours = (&request.method[..], &request.target[..], request.version, request.fields.clone());
    if read == ours { Ok(()) } else { Err(format!("httparse reads {read:?}, not {ours:?}")) }
}
