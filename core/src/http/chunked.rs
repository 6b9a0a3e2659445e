//! The chunked transfer coding (RFC 9112 §7.1), as it is read: one byte at a time between the data, which are not
//! looked at.
//!
//! ```text
//! chunk-line = 1*HEXDIG [ BWS ";" extension ] CRLF
//! ```
//! The size is digits alone: no sign, no prefix, no space before the line end. Extensions are bounded and ignored.

use super::Limits;
use super::error::Rule;
use crate::scan::{self, CR, HTAB, LF, SP};

/// Where in a chunk-size line the reader is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChunkPhase {
    /// At the digits of the size.
    Size,
    /// In the white space before a semicolon.
    Space,
    /// In the extensions.
    Extension,
    /// At the line feed.
    LineFeed,
}

/// Reads a chunk-size line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkLine {
    pub(crate) phase: ChunkPhase,
    /// The size, as far as it was read.
    pub(crate) size: u64,
    /// Bytes of the line that were read.
    pub(crate) length: u32,
}

/// A broken rule, and whether it was the byte before that broke it.
pub(crate) type BrokenAt = (Rule, bool);

impl ChunkLine {
    /// Takes the next byte. `true`: that was the end of the line, and the size is complete.
    pub(crate) fn advance(&mut self, limits: &Limits, byte: u8) -> Result<bool, BrokenAt> {
        if self.length >= limits.chunk_line_bytes {
            return Err((Rule::ChunkLineTooLong, false));
        }
        self.phase = match self.phase {
            ChunkPhase::Size => match (scan::hex_digit(byte), byte) {
                (Some(digit), _) => {
                    if self.size >> 60 != 0 {
                        return Err((Rule::ChunkSizeOverflow, false));
                    }
                    self.size = self.size << 4 | u64::from(digit);
                    ChunkPhase::Size
                }
                (None, LF) => return Err((Rule::BareLineFeed, false)),
                _ if self.length == 0 => return Err((Rule::InvalidChunkSize, false)),
                (None, b';') => ChunkPhase::Extension,
                (None, SP | HTAB) => ChunkPhase::Space,
                (None, CR) => ChunkPhase::LineFeed,
                _ => return Err((Rule::InvalidChunkSize, false)),
            },
            ChunkPhase::Space => match byte {
                SP | HTAB => ChunkPhase::Space,
                b';' => ChunkPhase::Extension,
                _ => return Err((Rule::InvalidChunkExtension, false)),
            },
            ChunkPhase::Extension => match byte {
                CR => ChunkPhase::LineFeed,
                LF => return Err((Rule::BareLineFeed, false)),
                _ if scan::is_field_value(&[byte]) => ChunkPhase::Extension,
                _ => return Err((Rule::InvalidChunkExtension, false)),
            },
            ChunkPhase::LineFeed if byte == LF => return Ok(true),
            ChunkPhase::LineFeed => return Err((Rule::BareCarriageReturn, true)),
        };
        self.length = self.length.saturating_add(1);
        Ok(false)
    }
}

/// May a trailer field have this name? Not if it decides framing, routing or what the message means before its body
/// is read (RFC 9110 §6.5.1).
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    const FORBIDDEN: [&[u8]; 8] = [
        b"content-length",
        b"transfer-encoding",
        b"host",
        b"connection",
        b"content-encoding",
        b"content-range",
        b"authorization",
        b"trailer",
    ];
    FORBIDDEN.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &[u8], expected: Result<(u64, usize), (Rule, usize)>) {
        let mut reader = ChunkLine { phase: ChunkPhase::Size, size: 0, length: 0 };
        let mut got = Err((Rule::Truncated, line.len()));
        for (at, &byte) in line.iter().enumerate() {
            match reader.advance(&Limits::DEFAULT, byte) {
                Ok(false) => {}
                Ok(true) => {
                    got = Ok((reader.size, at + 1));
                    break;
                }
                Err((rule, before)) => {
                    got = Err((rule, at - usize::from(before)));
                    break;
                }
            }
        }
        assert_eq!(got, expected, "{:?}", line.escape_ascii());
    }

    #[test]
    fn chunk_lines() {
        use Rule::*;
        check(b"0\r\n", Ok((0, 3)));
        check(b"1aF\r\nx", Ok((0x1af, 5)));
        check(b"5;a=b\r\n", Ok((5, 7)));
        check(b"5 \t;a=\"b;c\"\r\n", Ok((5, 13)));
        check(b"ffffffffffffffff\r\n", Ok((u64::MAX, 18)));
        check(b"00000000000000000005\r\n", Ok((5, 22)));
        check(b"10000000000000000\r\n", Err((ChunkSizeOverflow, 16)));
        check(b"\r\n", Err((InvalidChunkSize, 0)));
        check(b"+5\r\n", Err((InvalidChunkSize, 0)));
        check(b"-5\r\n", Err((InvalidChunkSize, 0)));
        check(b"0x5\r\n", Err((InvalidChunkSize, 1)));
        check(b" 5\r\n", Err((InvalidChunkSize, 0)));
        check(b";a\r\n", Err((InvalidChunkSize, 0)));
        check(b"5 \r\n", Err((InvalidChunkExtension, 2)));
        check(b"5 6\r\n", Err((InvalidChunkExtension, 2)));
        check(b"5\n", Err((BareLineFeed, 1)));
        check(b"5;a\n", Err((BareLineFeed, 3)));
        check(b"5\rx", Err((BareCarriageReturn, 1)));
        check(b"5;a\rb\r\n", Err((BareCarriageReturn, 3)));
        check(b"5;\0\r\n", Err((InvalidChunkExtension, 2)));
        check(&[b'0'; 300], Err((ChunkLineTooLong, 256)));
    }
}
