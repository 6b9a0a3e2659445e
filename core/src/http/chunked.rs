//! The chunked transfer coding (RFC 9112 §7.1), as it is read: what stands between the data in one step where it is
//! whole and plain, otherwise one byte at a time. The data are not looked at.
//!
//! ```text
//! chunk-line = 1*HEXDIG *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) CRLF
//! ```
//! The size is digits alone: no sign, no prefix, no space before the line end. Extensions mean nothing here, but they
//! are held to their grammar: a parser that is lenient about them disagrees with the next one about where the line
//! ends, and so about where the next message begins.

use super::Limits;
use super::error::Rule;
use crate::scan::{self, CR, HTAB, LF, SP};

/// What of a chunk-size line was read last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChunkPhase {
    /// Digits of the size, if any.
    Size,
    /// White space before a semicolon.
    Space,
    /// A semicolon, and white space behind it.
    Semicolon,
    /// The name of an extension.
    Name,
    /// White space behind a name.
    NameSpace,
    /// An equals sign, and white space behind it.
    Equals,
    /// A value that is a token.
    Token,
    /// A quotation mark, and what it quotes.
    Quoted,
    /// A backslash that quotes one byte.
    Backslash,
    /// The second quotation mark.
    QuoteEnd,
    /// The carriage return.
    CarriageReturn,
}

impl ChunkPhase {
    /// What `byte` is behind this; nothing if it cannot stand there.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Size | Self::Name | Self::Token | Self::QuoteEnd, CR) => Self::CarriageReturn,
            (Self::Size | Self::Space | Self::Name | Self::NameSpace | Self::Token | Self::QuoteEnd, b';') => {
                Self::Semicolon
            }
            (Self::Size | Self::Space | Self::Token | Self::QuoteEnd, SP | HTAB) => Self::Space,
            (Self::Name | Self::NameSpace, SP | HTAB) => Self::NameSpace,
            (Self::Semicolon | Self::Equals, SP | HTAB) => self,
            (Self::Name | Self::NameSpace, b'=') => Self::Equals,
            (Self::Equals, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::QuoteEnd,
            (Self::Quoted, b'\\') => Self::Backslash,
            (Self::Quoted | Self::Backslash, _) if scan::is_field_value(&[byte]) => Self::Quoted,
            (Self::Semicolon | Self::Name, _) if scan::is_token(&[byte]) => Self::Name,
            (Self::Equals | Self::Token, _) if scan::is_token(&[byte]) => Self::Token,
            _ => return None,
        })
    }
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
        match (self.phase, scan::hex_digit(byte)) {
            (ChunkPhase::CarriageReturn, _) if byte == LF => return Ok(true),
            (ChunkPhase::CarriageReturn, _) => return Err((Rule::BareCarriageReturn, true)),
            _ if byte == LF => return Err((Rule::BareLineFeed, false)),
            (ChunkPhase::Size, Some(_)) if self.size >> 60 != 0 => return Err((Rule::ChunkSizeOverflow, false)),
            (ChunkPhase::Size, Some(digit)) => self.size = self.size << 4 | u64::from(digit),
            (ChunkPhase::Size, None) if self.length == 0 => return Err((Rule::InvalidChunkSize, false)),
            (phase, _) => {
                let is_size = phase == ChunkPhase::Size;
                let rule = if is_size { Rule::InvalidChunkSize } else { Rule::InvalidChunkExtension };
                self.phase = phase.after(byte).ok_or((rule, false))?;
            }
        }
        self.length = self.length.saturating_add(1);
        Ok(false)
    }
}

/// The size in the chunk-size line that `bytes` begin with, and what is behind the line: if it is here, keeps its limit,
/// and is nothing but digits, too few of them to overflow.
#[inline]
pub(crate) fn whole_line<'b>(limits: &Limits, bytes: &'b [u8]) -> Option<(u64, &'b [u8])> {
    let (mut size, mut rest) = (0_u64, bytes);
    // The line's length, if it ends here.
    for length in 2..=limits.chunk_line_bytes.min(17) {
        match rest {
            [CR, LF, data @ ..] if length > 2 => return Some((size, data)),
            [byte, after @ ..] => {
                size = size << 4 | u64::from(scan::hex_digit(*byte)?);
                rest = after;
            }
            [] => return None,
        }
    }
    None
}

/// Is this the name of a field that must not come behind the content? Such fields must be known before it is read (RFC
/// 9110 §6.5.1 names their groups, and RFC 7230 §4.1.2 where their members stand), or are not about the message at all.
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    FORBIDDEN_TRAILERS
        .iter()
        .flat_map(|group| group.as_bytes().split(|&byte| byte == b' '))
        .any(|forbidden| name.eq_ignore_ascii_case(forbidden))
}

/// No name of them is longer, nor that of a field that the connection needs.
pub(crate) const LONGEST_FORBIDDEN_TRAILER: usize = "If-Unmodified-Since".len();

const FORBIDDEN_TRAILERS: [&str; 6] = [
    // Framing (RFC 9112 §6, RFC 9110 §6.6.2) and the connection (RFC 9110 §7.6.1, §7.8, §10.1.4).
    "content-length transfer-encoding trailer connection keep-alive proxy-connection te upgrade",
    // Routing (RFC 9110 §7.2, §7.6.2).
    "host max-forwards",
    // Authentication (RFC 9110 §11.6, §11.7, RFC 6265 §4). Not Authentication-Info, which may come behind (§11.6.3).
    "authorization proxy-authorization www-authenticate proxy-authenticate cookie set-cookie",
    // Request modifiers: controls (RFC 9110 §10.1.1, §14.2, RFC 9111 §5.4) and preconditions (RFC 9110 §13.1).
    "expect range pragma if-match if-none-match if-modified-since if-unmodified-since if-range",
    // Response controls (RFC 9110 §6.6.1, §10.2, §12.5.5, RFC 9111 §5). Not ETag, which may come behind (§8.8.3).
    "age cache-control date expires location retry-after vary warning",
    // Format of the content (RFC 9110 §8.3, §8.4, §14.4).
    "content-type content-encoding content-range",
];

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
    fn no_forbidden_trailer_has_a_longer_name() {
        let names = FORBIDDEN_TRAILERS.iter().flat_map(|group| group.split(' '));
        assert_eq!(names.map(str::len).max(), Some(LONGEST_FORBIDDEN_TRAILER));
    }

    #[test]
    fn chunk_lines() {
        use Rule::*;
        check(b"0\r\n", Ok((0, 3)));
        check(b"1aF\r\nx", Ok((0x1af, 5)));
        check(b"5;a=b\r\n", Ok((5, 7)));
        check(b"5 \t;a=\"b;c\"\r\n", Ok((5, 13)));
        check(b"5;a;b=c;d\r\n", Ok((5, 11)));
        check(b"5 ; a = b ; c =\t\"\" ;d\r\n", Ok((5, 23)));
        check(b"5;a=\"\\\"\\\\ \xff\t;=\";b\r\n", Ok((5, 19)));
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
        for line in
            [&b"5;"[..], b"5; ", b"5;a=", b"5;a= ", b"5;a=\"", b"5;a=\"b\\", b"5;a ", b"5;a=b ", b"5;a=\"b\" ", b"5;a;"]
        {
            check(&[line, b"\r\n"].concat(), Err((InvalidChunkExtension, line.len())));
        }
        for (line, at) in [
            (&b"5;\0"[..], 2),
            (b"5;\xff", 2),
            (b"5;;a", 2),
            (b"5;=a", 2),
            (b"5;\"a\"", 2),
            (b"5;a b", 4),
            (b"5;a\"b\"", 3),
            (b"5;a=;b", 4),
            (b"5;a=b=c", 5),
            (b"5;a=b c", 6),
            (b"5;a=b\"c\"", 5),
            (b"5;a=\"b\"c", 7),
            (b"5;a=\"\0\"", 5),
            (b"5;a=\"\\\x7f\"", 6),
            (b"5;a,b", 3),
        ] {
            check(&[line, b"\r\n"].concat(), Err((InvalidChunkExtension, at)));
        }
        // A line end cannot be quoted: a parser that lets it be finds another end of the line.
        check(b"5;a=\"\n\"\r\n", Err((BareLineFeed, 5)));
        check(b"5;a=\"\r\n\"\r\n", Err((InvalidChunkExtension, 5)));
        check(b"5;a=\"\\\r\n\"\r\n", Err((InvalidChunkExtension, 6)));
        check(&[b'0'; 300], Err((ChunkLineTooLong, 256)));
    }
}
