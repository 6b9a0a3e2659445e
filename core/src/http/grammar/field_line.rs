//! A whole field line (RFC 9112 §5), found at once: the byte machine accepts just the same lines.

use crate::bytes;

/// Where the parts of a field line are.
#[derive(Clone, Copy)]
pub(crate) struct FieldLine {
    pub(crate) start: usize,
    pub(crate) colon: usize,
    /// Behind the white space that may follow the value, too.
    pub(crate) value_end: usize,
}

impl FieldLine {
    /// The line that begins and ends there, if these are its ends.
    #[inline(always)]
    pub(crate) fn between(bytes: &[u8], start: usize, (colon, value_end): (usize, usize)) -> Option<Self> {
        let is_sound = colon > start && bytes.get(colon) == Some(&b':') && is_line_end(bytes, value_end);
        is_sound.then_some(Self { start, colon, value_end })
    }

    /// Where the next line begins.
    pub(crate) const fn end(self) -> usize {
        self.value_end.wrapping_add(2)
    }

    /// The name and the value, of the bytes in which the line was found, and only of these.
    #[inline(always)]
    pub(crate) fn name_and_value(self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let name = bytes.get(self.start..self.colon)?;
        let value = bytes.get(self.colon.wrapping_add(1)..self.value_end)?;
        Some((name, bytes::trim(value)))
    }
}

/// Reads the line that begins at index `start`, if it is there as a whole.
///
/// ```text
/// field-line = field-name ":" OWS field-value OWS CRLF
/// ```
pub(crate) fn line(bytes: &[u8], start: usize) -> Option<FieldLine> {
    let colon = bytes::token_end(bytes, start);
    let value_end = bytes::value_end(bytes, colon.wrapping_add(1));
    FieldLine::between(bytes, start, (colon, value_end))
}

#[inline(always)]
pub(crate) fn is_line_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<(&[u8], &[u8])>) {
        let got = line(bytes, 0).and_then(|line| line.name_and_value(bytes));
        assert_eq!(got, expected, "{:?}", bytes.escape_ascii());
    }

    #[test]
    fn a_line_is_a_field_or_nothing() {
        check(b"a:b\r\n", Some((b"a", b"b")));
        check(b"A-b: \t c d \t\r\nrest", Some((b"A-b", b"c d")));
        check(b"a:\r\n", Some((b"a", b"")));
        check(b"a: \xff\x80\r\n", Some((b"a", b"\xff\x80")));
        for none in [
            &b"\r\nrest"[..],
            b"",
            b"\r",
            b"a",
            b"a: b",
            b"a: b\r",
            b"a\r",
            b" a: b\r\n",
            b"a : b\r\n",
            b"a\r\n",
            b"a\n",
            b"\n",
            b"\rx",
            b"a\rb: c\r\n",
            b":b\r\n",
            b"a\0: b\r\n",
            b"a(b): c\r\n",
            b"a: b\0c\r\n",
            b"a: b\rc\r\n",
            b"a: b\nc\r\n",
        ] {
            check(none, None);
        }
    }
}
