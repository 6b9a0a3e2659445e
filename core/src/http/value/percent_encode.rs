//! Percent-encoding (RFC 3986 §2.1), with a named set of the bytes that stand for themselves.

use core::fmt;

use crate::http::value::error::ValueError;
use crate::http::value::output::Output;

/// Which bytes stand for themselves; all others are encoded.
///
/// ```
/// use wirenut::http::{EncodeSet, PercentEncode};
/// const PATH: EncodeSet = EncodeSet::UNRESERVED.with(b"/");
/// assert_eq!(std::format!("{}", PercentEncode::new(b"a b/c&d", &PATH)), "a%20b/c%26d");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EncodeSet {
    /// A bit for each byte of ASCII.
    kept: [u32; 4],
    has_plus_for_space: bool,
}

impl EncodeSet {
    /// Letters, digits, `-`, `.`, `_` and `~` (RFC 3986 §2.3): what never needs encoding, and is safe in HTML, too.
    pub const UNRESERVED: Self = Self::NONE.with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
    /// What one segment of a path may hold (`pchar`, RFC 3986 §3.3). A slash is encoded.
    pub const PATH_SEGMENT: Self = Self::UNRESERVED.with(b"!$&'()*+,;=:@");
    /// What a query may hold (RFC 3986 §3.4), as a whole: `&`, `=` and `+` stand for themselves. For the names and
    /// values in it take [`Self::FORM`].
    pub const QUERY: Self = Self::PATH_SEGMENT.with(b"/?");
    /// Names and values of `application/x-www-form-urlencoded` (WHATWG URL §1.3): letters, digits, `*`, `-`, `.` and
    /// `_`; a space becomes `+`.
    pub const FORM: Self = Self {
        has_plus_for_space: true,
        ..Self::NONE.with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._")
    };

    const NONE: Self = Self { kept: [0; 4], has_plus_for_space: false };

    /// The set that has these bytes of ASCII, too. A `%` and what is beyond ASCII are encoded whatever the set.
    #[must_use]
    pub const fn with(mut self, mut bytes: &[u8]) -> Self {
        while let [byte, rest @ ..] = bytes {
            if byte.is_ascii() && *byte != b'%' {
                let [low, lower, upper, high] = &mut self.kept;
                let word = match *byte >> 5 {
                    0 => low,
                    1 => lower,
                    2 => upper,
                    _ => high,
                };
                *word |= 1 << (*byte & 31);
            }
            bytes = rest;
        }
        self
    }

    #[inline(always)]
    pub(super) fn keeps(&self, byte: u8) -> bool {
        self.kept.get(usize::from(byte >> 5)).is_some_and(|word| word >> (byte & 31) & 1 != 0)
    }
}

/// Bytes to be percent-encoded when they are written: as text by `Display`, or into a buffer.
///
/// ```
/// use wirenut::http::{EncodeSet, PercentEncode};
/// let name = PercentEncode::new("a/é".as_bytes(), &EncodeSet::PATH_SEGMENT);
/// assert_eq!(std::format!("/files/{name}"), "/files/a%2F%C3%A9");
/// let mut room = [0; 16];
/// assert_eq!(name.write(&mut room), Ok(&b"a%2F%C3%A9"[..]));
/// assert_eq!(name.encoded_length(), 10);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PercentEncode<'b> {
    bytes: &'b [u8],
    set: &'b EncodeSet,
}

impl<'b> PercentEncode<'b> {
    /// These bytes, of which the set's stand for themselves.
    #[must_use]
    pub const fn new(bytes: &'b [u8], set: &'b EncodeSet) -> Self {
        Self { bytes, set }
    }

    /// How many bytes it is when it is written.
    #[must_use]
    pub fn encoded_length(self) -> usize {
        let length = |byte: &u8| if self.is_one_byte(*byte) { 1_usize } else { 3 };
        self.bytes.iter().map(length).fold(0, usize::saturating_add)
    }

    /// Writes it to the beginning of `out`, and gives what was written. On failure the content of `out` is undefined.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`](crate::http::ValueRule::BufferTooShort), with the length of `out`.
    pub fn write(self, out: &mut [u8]) -> Result<&[u8], ValueError> {
        let mut output = Output::new(out);
        output.fill(|room| self.fill(room))?;
        Ok(output.finish())
    }

    /// Writes it to the beginning of `room`, and says how much that is; `None` if it does not fit.
    #[inline]
    pub(super) fn fill(self, room: &mut [u8]) -> Option<usize> {
        let length = room.len();
        let mut places = room.iter_mut();
        for byte in self.bytes {
            let place = places.next()?;
            if self.set.keeps(*byte) {
                *place = *byte;
            } else if self.is_one_byte(*byte) {
                *place = b'+';
            } else {
                let [percent, high, low] = code(*byte);
                *place = percent;
                *places.next()? = high;
                *places.next()? = low;
            }
        }
        Some(length.saturating_sub(places.len()))
    }

    fn is_one_byte(self, byte: u8) -> bool {
        self.set.keeps(byte) || (byte == b' ' && self.set.has_plus_for_space)
    }

    fn pieces(self) -> impl Iterator<Item = Piece<'b>> {
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            let length = rest.iter().position(|byte| !self.set.keeps(*byte)).unwrap_or(rest.len());
            if length > 0 {
                let (run, behind) = rest.split_at_checked(length)?;
                rest = behind;
                return Some(Piece::Run(run));
            }
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            Some(if self.is_one_byte(*byte) { Piece::Plus } else { Piece::Code(code(*byte)) })
        })
    }
}

/// A part of what is written.
enum Piece<'b> {
    Run(&'b [u8]),
    Code([u8; 3]),
    Plus,
}

/// `%` and two digits in capitals, as RFC 3986 §2.1 recommends.
fn code(byte: u8) -> [u8; 3] {
    let digit = |value: u8| value.saturating_add(if value < 10 { b'0' } else { b'A'.saturating_sub(10) });
    [b'%', digit(byte >> 4), digit(byte & 15)]
}

impl fmt::Display for PercentEncode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut write = |bytes: &[u8]| f.write_str(str::from_utf8(bytes).map_err(|_| fmt::Error)?);
        for piece in self.pieces() {
            match piece {
                Piece::Run(run) => write(run)?,
                Piece::Code(code) => write(&code)?,
                Piece::Plus => write(b"+")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use crate::http::value::error::ValueRule;
    use crate::http::value::percent::PercentEncoded;
    use alloc::string::ToString;
    use alloc::vec;

    /// The sets, as their specifications write them.
    #[test]
    fn each_byte_in_each_set() {
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let pchar = move |c: char| unreserved(c) || "!$&'()*+,;=:@".contains(c);
        let sets: [(EncodeSet, &dyn Fn(char) -> bool); 4] = [
            (EncodeSet::UNRESERVED, &unreserved),
            (EncodeSet::PATH_SEGMENT, &pchar),
            (EncodeSet::QUERY, &|c| pchar(c) || "/?".contains(c)),
            (EncodeSet::FORM, &|c| c.is_ascii_alphanumeric() || "*-._".contains(c)),
        ];
        for (set, keeps) in &sets {
            for byte in 0..=u8::MAX {
                let written = PercentEncode::new(&[byte], set).to_string();
                let expected = match char::from(byte) {
                    c if c.is_ascii() && keeps(c) => c.to_string(),
                    ' ' if set.has_plus_for_space => "+".to_string(),
                    _ => alloc::format!("%{byte:02X}"),
                };
                assert_eq!(written, expected, "{byte}");
            }
        }
    }

    #[test]
    fn both_ways_of_writing_agree_and_are_read_back() {
        let all: vec::Vec<u8> = (0..=u8::MAX).collect();
        for set in [EncodeSet::UNRESERVED, EncodeSet::PATH_SEGMENT, EncodeSet::QUERY, EncodeSet::FORM] {
            let encode = PercentEncode::new(&all, &set);
            let text = encode.to_string();
            assert_eq!(encode.encoded_length(), text.len());
            let mut room = vec![0; text.len()];
            assert_eq!(encode.write(&mut room), Ok(text.as_bytes()));
            let error = encode.write(&mut room[1..]).unwrap_err();
            assert_eq!(error, ValueError::new(ValueRule::BufferTooShort, text.len() - 1));
            let encoded =
                if set.has_plus_for_space { PercentEncoded::form } else { PercentEncoded::new }(text.as_bytes());
            assert!(encoded.is(&all));
        }
    }

    #[test]
    fn a_percent_sign_is_in_no_set() {
        const ALL: EncodeSet = EncodeSet::UNRESERVED.with(b"%\x80 ");
        assert_eq!(PercentEncode::new(b"% \x80", &ALL).to_string(), "%25 %80");
    }
}
