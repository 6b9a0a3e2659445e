//! The first lines of heads (RFC 9112 §2.3, §3): what every one of them can do, the request line, and the version.

use super::error::Rule;
use super::fields::{self, Flaw};
use super::{Method, Version};
use crate::scan::{self, SP};

/// Where the parts of the first line of a head are.
pub(crate) trait StartLine: Copy {
    /// Do Host and Expect mean anything below it?
    const IS_REQUEST: bool;
    /// One that is not read yet.
    const UNREAD: Self;

    /// Reads it.
    fn read(bytes: &[u8]) -> Result<Self, Flaw>;

    /// Where the first field line begins.
    fn end(self) -> usize;

    /// The version.
    fn version(self) -> Version;

    /// What is broken where it does not end in `bytes`, which are all that the limit allows.
    fn too_long(bytes: &[u8]) -> Rule;
}

/// Where the parts of a request line are, which are not yet judged together.
#[derive(Clone, Copy)]
pub(crate) struct RequestLine {
    method_end: usize,
    pub(crate) target_end: usize,
    pub(crate) version: Version,
}

impl RequestLine {
    pub(crate) fn method(self, bytes: &[u8]) -> Method<'_> {
        if begins_with_get(bytes) {
            return Method::Get;
        }
        Method::from_token(bytes.get(..self.method_end).unwrap_or(&[]))
    }

    pub(crate) const fn target_start(self) -> usize {
        self.method_end.wrapping_add(1)
    }
}

impl StartLine for RequestLine {
    const IS_REQUEST: bool = true;
    const UNREAD: Self = Self { method_end: 0, target_end: 0, version: Version::Http11 };

    /// ```text
    /// request-line = method SP request-target SP HTTP-version CRLF
    /// ```
    #[inline(always)]
    fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let method_end = if begins_with_get(bytes) { 3 } else { method_end(bytes)? };
        let target_start = method_end.wrapping_add(1);
        let target_end = scan::target_end(bytes, target_start);
        let rest = bytes.get(target_end..).unwrap_or(&[]);
        let is_usual = rest.first_chunk() == Some(b" HTTP/1.1\r\n") && target_end > target_start;
        let version = if is_usual { Version::Http11 } else { other_version(bytes, target_start, target_end)? };
        Ok(Self { method_end, target_end, version })
    }

    /// Behind a space, the version, and the line end.
    fn end(self) -> usize {
        self.target_end.wrapping_add(11)
    }

    fn version(self) -> Version {
        self.version
    }

    fn too_long(bytes: &[u8]) -> Rule {
        if bytes.contains(&SP) { Rule::RequestLineTooLong } else { Rule::MethodTooLong }
    }
}

/// The common method, in one comparison.
fn begins_with_get(bytes: &[u8]) -> bool {
    bytes.first_chunk() == Some(b"GET ")
}

/// The length of the method that `bytes` begin with; a space follows it.
#[inline(never)]
fn method_end(bytes: &[u8]) -> Result<usize, Flaw> {
    let end = scan::token_end(bytes, 0);
    match bytes.get(end..) {
        Some([SP, ..]) if end > 0 => Ok(end),
        None | Some([]) => Err(Flaw::ended(end)),
        _ => Err(Flaw::broken(Rule::InvalidMethod, end)),
    }
}

/// What stands behind the target, where that is not ` HTTP/1.1` and a line end.
#[cold]
#[inline(never)]
fn other_version(bytes: &[u8], target_start: usize, target_end: usize) -> Result<Version, Flaw> {
    match bytes.get(target_end..) {
        Some([SP, rest @ ..]) if target_end > target_start => {
            let start = target_end.wrapping_add(1);
            let version = version(rest, start)?;
            fields::line_end(bytes, start.wrapping_add(8), Rule::InvalidVersion)?;
            Ok(version)
        }
        None | Some([]) => Err(Flaw::ended(target_end)),
        _ => Err(Flaw::broken(Rule::InvalidTarget, target_end)),
    }
}

/// `HTTP-version`, which begins at index `at` of the head.
pub(crate) fn version(bytes: &[u8], at: usize) -> Result<Version, Flaw> {
    match bytes {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', ..] => match (major, minor) {
            (b'1', b'0') => Ok(Version::Http10),
            (b'1', _) => Ok(Version::Http11),
            _ => Err(Flaw::broken(Rule::UnsupportedVersion, at.saturating_add(5))),
        },
        _ => {
            // The longest prefix that could become a version, so that a cut one is waited for.
            let fits = |(byte, pattern): &(&u8, &u8)| match **pattern {
                b'#' => byte.is_ascii_digit(),
                literal => **byte == literal,
            };
            let good = bytes.iter().zip(b"HTTP/#.#").take_while(fits).count();
            let at = at.saturating_add(good);
            Err(if good == bytes.len() { Flaw::ended(at) } else { Flaw::broken(Rule::InvalidVersion, at) })
        }
    }
}
