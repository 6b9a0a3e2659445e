//! What the fields of a head say about framing (RFC 9112 §6), taken from them as they come.

use super::error::Rule;
use super::fields::{Field, FieldLine};
use super::flags::Flags;
use super::section::Broken;
use super::start_line::StartLine;
use super::target;
use crate::scan;

/// What a head has said about its framing so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) content_length: u64,
    pub(crate) flags: Flags,
}

impl Facts {
    /// Takes from a field what framing needs.
    #[inline(never)]
    pub(crate) fn note<S: StartLine>(&mut self, bytes: &[u8], line: FieldLine) -> Result<(), Broken> {
        let Some(Field { name, value }) = line.field(bytes) else { return Err((Rule::InvalidFieldName, line.start)) };
        let at = offset_of(value, bytes);
        // What a 2xx to CONNECT says of a length means nothing (RFC 9110 §9.3.6).
        let is_tunnel = !S::IS_REQUEST && self.flags.has(Flags::CONNECT);
        let noted = match name.len() {
            4 if S::IS_REQUEST && is_lower(name, b"host") => self.note_host(bytes, at, at.wrapping_add(value.len())),
            6 if S::IS_REQUEST && is_lower(name, b"expect") => self.note_expect(value),
            7 if is_lower(name, b"upgrade") => {
                self.flags.set(Flags::UPGRADE_FIELD);
                Ok(())
            }
            10 if is_lower(name, b"connection") => {
                self.note_connection(value);
                Ok(())
            }
            14 if !is_tunnel && is_lower(name, b"content-length") => self.note_content_length(value),
            17 if !is_tunnel && name.eq_ignore_ascii_case(b"transfer-encoding") => self.note_transfer_encoding(value),
            _ => Ok(()),
        };
        noted.map_err(|rule| (rule, at))
    }

    /// The value lies between `start` and `end`.
    fn note_host(&mut self, bytes: &[u8], start: usize, end: usize) -> Result<(), Rule> {
        if self.flags.has(Flags::HOST) {
            return Err(Rule::DuplicateHost);
        }
        self.flags.set(Flags::HOST);
        if target::is_host_field(bytes, start, end) { Ok(()) } else { Err(Rule::InvalidHost) }
    }

    fn note_expect(&mut self, value: &[u8]) -> Result<(), Rule> {
        // An HTTP/1.0 client cannot expect (RFC 9110 §10.1.1); what it says is ignored.
        if self.flags.has(Flags::HTTP10) {
            return Ok(());
        }
        if !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Rule::UnknownExpectation);
        }
        self.flags.set(Flags::EXPECT_CONTINUE);
        Ok(())
    }

    fn note_connection(&mut self, value: &[u8]) {
        if is_lower(value, b"keep-alive") {
            self.flags.set(Flags::KEEP_ALIVE);
            return;
        }
        for option in list(value) {
            match option.len() {
                5 if option.eq_ignore_ascii_case(b"close") => self.flags.set(Flags::CLOSE),
                7 if option.eq_ignore_ascii_case(b"upgrade") => self.flags.set(Flags::UPGRADE_OPTION),
                10 if option.eq_ignore_ascii_case(b"keep-alive") => self.flags.set(Flags::KEEP_ALIVE),
                _ => {}
            }
        }
    }

    fn note_content_length(&mut self, value: &[u8]) -> Result<(), Rule> {
        if self.flags.has(Flags::CONTENT_LENGTH) {
            return Err(Rule::DuplicateContentLength);
        }
        if self.flags.has(Flags::TRANSFER_ENCODING) {
            return Err(Rule::ContentLengthWithTransferEncoding);
        }
        self.flags.set(Flags::CONTENT_LENGTH);
        self.content_length = scan::decimal(value).ok_or(Rule::InvalidContentLength)?;
        Ok(())
    }

    fn note_transfer_encoding(&mut self, value: &[u8]) -> Result<(), Rule> {
        if self.flags.has(Flags::HTTP10) {
            return Err(Rule::TransferEncodingInHttp10);
        }
        if self.flags.has(Flags::CONTENT_LENGTH) {
            return Err(Rule::ContentLengthWithTransferEncoding);
        }
        self.flags.set(Flags::TRANSFER_ENCODING);
        for coding in list(value) {
            // Nothing may follow `chunked`, and it may not be there twice (RFC 9112 §6.1).
            if self.flags.has(Flags::CHUNKED) {
                return Err(Rule::ChunkedNotFinal);
            }
            let name = coding.split(|&byte| byte == b';').next().map_or(coding, scan::trim);
            if !scan::is_token(name) {
                return Err(Rule::InvalidTransferEncoding);
            }
            if coding.eq_ignore_ascii_case(b"chunked") {
                self.flags.set(Flags::CHUNKED);
            } else {
                self.flags.set(Flags::OTHER_CODING);
            }
        }
        Ok(())
    }
}

/// Is this, without regard to case, `lower`, of 4 to 16 bytes? For what holds no control: for those the digits and signs
/// would match.
#[inline(always)]
fn is_lower(bytes: &[u8], lower: &[u8]) -> bool {
    bytes.len() == lower.len() && lower_ends(bytes) == lower_ends(lower)
}

/// The first and the last bytes in lower case, as two words that may overlap: all of 4 to 16 bytes.
#[inline(always)]
fn lower_ends(bytes: &[u8]) -> Option<(u64, u64)> {
    let word = |half: &[u8; 8]| u64::from_le_bytes(*half) | 0x2020_2020_2020_2020;
    let half = |quarter: &[u8; 4]| u64::from(u32::from_le_bytes(*quarter) | 0x2020_2020);
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => Some((word(first), word(last))),
        _ => Some((half(bytes.first_chunk()?), half(bytes.last_chunk()?))),
    }
}

/// The members of a comma-separated list (RFC 9110 §5.6.1). Empty ones are given out too.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(scan::trim)
}

/// Where in `bytes` their part `part` begins.
fn offset_of(part: &[u8], bytes: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(bytes.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn words_compare_names_as_the_plain_loop_does() {
        for lower in ["host", "close", "expect", "upgrade", "connection", "content-length", "sixteen-bytes-it"] {
            let lower = lower.as_bytes();
            assert!(is_lower(lower, lower) && is_lower(&lower.to_ascii_uppercase(), lower), "{}", lower.escape_ascii());
            assert!(!is_lower(&lower[1..], lower) && !is_lower(&[lower, b"x"].concat(), lower));
            for place in 0..lower.len() {
                for byte in b' '..=u8::MAX {
                    let mut name = lower.to_vec();
                    name[place] = byte;
                    let expected = name.eq_ignore_ascii_case(lower);
                    assert_eq!(is_lower(&name, lower), expected, "{}", name.escape_ascii());
                }
            }
        }
    }
}
