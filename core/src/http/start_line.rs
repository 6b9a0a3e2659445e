//! The first lines of heads (RFC 9112 §2.3, §3): what every one of them can do, the request line, and the version.

use super::error::Rule;
use super::fields::{self, Flaw};
use super::flags::Flags;
use super::{Method, Version};
use crate::scan::{self, SP};

/// The first line of a head.
pub(crate) trait StartLine<'b>: Sized {
    /// Do Host and Expect mean anything below it?
    const IS_REQUEST: bool;
    /// What is broken where it does not end within the limit.
    const TOO_LONG: Rule;

    /// Reads it, and says how long it is.
    fn read(bytes: &'b [u8]) -> Result<(Self, usize), Flaw>;

    /// What it says for the fields below it and for the connection.
    fn flags(&self) -> Flags;
}

/// The parts of a request line, not yet judged together.
#[derive(Clone, Copy)]
pub(crate) struct RequestLine<'b> {
    pub(crate) method: Method<'b>,
    pub(crate) target: &'b [u8],
    pub(crate) target_start: usize,
    pub(crate) version: Version,
}

impl<'b> StartLine<'b> for RequestLine<'b> {
    const IS_REQUEST: bool = true;
    const TOO_LONG: Rule = Rule::RequestLineTooLong;

    #[inline]
    fn read(bytes: &'b [u8]) -> Result<(Self, usize), Flaw> {
        request_line(bytes)
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::NONE;
        if self.method == Method::Head {
            flags.set(Flags::HEAD);
        }
        if self.method == Method::Connect {
            flags.set(Flags::CONNECT);
        }
        if self.version == Version::Http10 { flags.with(Flags::HTTP10) } else { flags }
    }
}

/// ```text
/// request-line = method SP request-target SP HTTP-version CRLF
/// ```
#[inline]
fn request_line(bytes: &[u8]) -> Result<(RequestLine<'_>, usize), Flaw> {
    let method_end = match bytes {
        [b'G', b'E', b'T', SP, ..] => 3,
        [b'P', b'O', b'S', b'T', SP, ..] => 4,
        _ => scan::token_end(bytes),
    };
    let (method, rest) = bytes.split_at_checked(method_end).unwrap_or((bytes, &[]));
    let rest = match rest {
        [SP, rest @ ..] if method_end > 0 => rest,
        [] => return Err(Flaw::ended(method_end)),
        _ => return Err(Flaw::broken(Rule::InvalidMethod, method_end)),
    };
    let target_start = method_end.saturating_add(1);
    let target_length = scan::target_end(rest);
    let target_end = target_start.saturating_add(target_length);
    let (target, rest) = rest.split_at_checked(target_length).unwrap_or((rest, &[]));
    let rest = match rest {
        [SP, rest @ ..] if target_length > 0 => rest,
        [] => return Err(Flaw::ended(target_end)),
        _ => return Err(Flaw::broken(Rule::InvalidTarget, target_end)),
    };
    let version_start = target_end.saturating_add(1);
    let (version, rest) = version(rest, version_start)?;
    let end = version_start.saturating_add(8);
    fields::line_end(rest, end, Rule::InvalidVersion)?;
    let line = RequestLine { method: Method::from_token(method), target, target_start, version };
    Ok((line, end.saturating_add(2)))
}

/// `HTTP-version`, which begins at index `at` of the head.
#[inline]
pub(crate) fn version(bytes: &[u8], at: usize) -> Result<(Version, &[u8]), Flaw> {
    match bytes {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', rest @ ..] => Ok((Version::Http11, rest)),
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', rest @ ..] => {
            match (major, minor) {
                (b'1', b'0') => Ok((Version::Http10, rest)),
                (b'1', _) => Ok((Version::Http11, rest)),
                _ => Err(Flaw::broken(Rule::UnsupportedVersion, at.saturating_add(5))),
            }
        }
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
