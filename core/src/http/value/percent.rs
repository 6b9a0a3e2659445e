//! Percent-decoding (RFC 3986 §2.1), also as forms have it, with `+` for a space.

use core::cell::Cell;
use core::str::FromStr;

use crate::bytes;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::find::find;

/// Bytes that are percent-encoded: a segment of a path, or the name or the value in a query or a form. They stay as they
/// came until somebody asks for them, and then nothing is guessed: a `%` without two hexadecimal digits behind it is an
/// error. Decode once, and only after the text was split at its separators (RFC 3986 §2.4).
///
/// ```
/// use wirenut::http::{PercentEncoded, ValueRule};
/// let mut room = [0; 16];
/// let segment = PercentEncoded::new(b"caf%C3%A9");
/// assert_eq!(segment.decode_str(&mut room), Ok("café"));
/// assert!(segment.is("café") && !segment.is_plain());
/// let error = PercentEncoded::new(b"100%").decode(&mut room).unwrap_err();
/// assert_eq!((error.rule, error.offset), (ValueRule::InvalidPercentEncoding, 3));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PercentEncoded<'b> {
    encoded: &'b [u8],
    /// Where it begins in what was given to be read.
    start: usize,
    plus: Plus,
}

/// What a `+` stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Plus {
    Itself,
    Space,
}

impl<'b> PercentEncoded<'b> {
    /// As in a URI: a `+` stands for itself.
    #[must_use]
    pub const fn new(encoded: &'b [u8]) -> Self {
        Self { encoded, start: 0, plus: Plus::Itself }
    }

    /// As in `application/x-www-form-urlencoded`: a `+` stands for a space.
    #[must_use]
    pub const fn form(encoded: &'b [u8]) -> Self {
        Self::form_part(encoded, 0)
    }

    /// A part of a form, which begins `start` bytes behind its beginning.
    pub(super) const fn form_part(encoded: &'b [u8], start: usize) -> Self {
        Self { encoded, start, plus: Plus::Space }
    }

    /// The bytes as they came.
    #[must_use]
    pub const fn as_encoded(self) -> &'b [u8] {
        self.encoded
    }

    /// Where this begins in what was given to be read.
    pub(super) const fn start(self) -> usize {
        self.start
    }

    /// Is nothing encoded? Then [`Self::as_encoded`] is also what it decodes to.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.plus.run(self.encoded) == self.encoded.len()
    }

    /// How many bytes it decodes to.
    ///
    /// # Errors
    /// [`ValueRule::InvalidPercentEncoding`], with the offset of the `%`.
    pub fn decoded_length(self) -> Result<usize, ValueError> {
        let mut length = 0_usize;
        let mut rest = self.encoded;
        while let Some((run, code, behind)) = self.plus.split(rest) {
            code.ok_or_else(|| self.malformed(behind))?;
            length = length.saturating_add(run.len()).saturating_add(1);
            rest = behind;
        }
        Ok(length.saturating_add(rest.len()))
    }

    /// The decoded bytes, one after the other, in no memory at all. After an error nothing follows.
    ///
    /// ```
    /// use wirenut::http::PercentEncoded;
    /// assert!(PercentEncoded::form(b"a+%26").bytes().eq([Ok(b'a'), Ok(b' '), Ok(b'&')]));
    /// ```
    #[must_use]
    pub const fn bytes(self) -> DecodedBytes<'b> {
        DecodedBytes { whole: self, rest: self.encoded }
    }

    /// Decodes into `room`, and gives the part of it that was filled. Where nothing is encoded, `room` is not touched,
    /// however short, and the bytes themselves are given. On failure the content of `room` is undefined.
    ///
    /// # Errors
    /// [`ValueRule::InvalidPercentEncoding`], with the offset of the `%`; [`ValueRule::BufferTooShort`], with the offset
    /// of the first byte that found no room.
    pub fn decode<'r>(self, room: &'r mut [u8]) -> Result<&'r [u8], ValueError>
    where
        'b: 'r,
    {
        let mut rest = self.encoded;
        let mut length = 0_usize;
        while let Some((run, code, behind)) = self.plus.split(rest) {
            let code = code.ok_or_else(|| self.malformed(behind))?;
            let end = length.saturating_add(run.len());
            let (place, last) = match room.get_mut(length..=end).map(<[u8]>::split_last_mut) {
                Some(Some((last, place))) => (place, last),
                _ => return Err(self.too_short(rest, room.len().saturating_sub(length))),
            };
            bytes::copy(run, place);
            *last = code;
            (length, rest) = (end.saturating_add(1), behind);
        }
        if length == 0 {
            return Ok(self.encoded);
        }
        let end = length.saturating_add(rest.len());
        match room.get_mut(length..end) {
            Some(place) => bytes::copy(rest, place),
            None => return Err(self.too_short(rest, room.len().saturating_sub(length))),
        }
        Ok(bytes_until(room, end))
    }

    /// As [`Self::decode`], for text.
    ///
    /// # Errors
    /// Those of [`Self::decode`]; [`ValueRule::InvalidUtf8`], with the offset of the first byte that is not of a character.
    pub fn decode_str<'r>(self, room: &'r mut [u8]) -> Result<&'r str, ValueError>
    where
        'b: 'r,
    {
        str::from_utf8(self.decode(room)?).map_err(|error| {
            let offset = self.encoded_offset(error.valid_up_to());
            ValueError::new(ValueRule::InvalidUtf8, offset)
        })
    }

    /// Decodes to the very bytes of `plain`? What is malformed equals nothing.
    ///
    /// ```
    /// use wirenut::http::PercentEncoded;
    /// assert!(PercentEncoded::new(b"%61b").is("ab"));
    /// assert!(!PercentEncoded::new(b"a%").is("a%"));
    /// ```
    #[must_use]
    pub fn is(self, plain: impl AsRef<[u8]>) -> bool {
        let mut plain = plain.as_ref();
        let mut rest = self.encoded;
        while let Some((run, code, behind)) = self.plus.split(rest) {
            match plain.strip_prefix(run) {
                Some([byte, others @ ..]) if Some(*byte) == code => plain = others,
                _ => return false,
            }
            rest = behind;
        }
        plain == rest
    }

    /// Decodes and parses a number, or whatever else reads itself from text. What is encoded may have 64 bytes when it is
    /// decoded; what is not may be of any length.
    ///
    /// ```
    /// use wirenut::http::{PercentEncoded, ValueRule};
    /// assert_eq!(PercentEncoded::new(b"%31%30").parse::<u16>(), Ok(10));
    /// assert_eq!(PercentEncoded::new(b"ten").parse::<u16>().unwrap_err().rule, ValueRule::WrongType);
    /// ```
    ///
    /// # Errors
    /// Those of [`Self::decode_str`]; [`ValueRule::WrongType`], with the offset of the first byte, if it is not text of
    /// that type.
    pub fn parse<T: FromStr>(self) -> Result<T, ValueError> {
        let mut room = [0; 64];
        let text = self.decode_str(&mut room)?;
        text.parse().map_err(|_| ValueError::new(ValueRule::WrongType, self.start))
    }

    /// Decodes bytes where they are, as in a URI, and gives the front part that holds the result. What is behind it is
    /// undefined. On failure nothing is changed.
    ///
    /// ```
    /// use wirenut::http::PercentEncoded;
    /// let mut path = *b"a%20b%2fc";
    /// assert_eq!(PercentEncoded::decode_in_place(&mut path)?, b"a b/c");
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    ///
    /// # Errors
    /// [`ValueRule::InvalidPercentEncoding`], with the offset of the `%`.
    pub fn decode_in_place(bytes: &mut [u8]) -> Result<&mut [u8], ValueError> {
        Plus::Itself.decode_in_place(bytes)
    }

    /// As [`Self::decode_in_place`], with `+` for a space.
    ///
    /// # Errors
    /// [`ValueRule::InvalidPercentEncoding`], with the offset of the `%`.
    pub fn decode_form_in_place(bytes: &mut [u8]) -> Result<&mut [u8], ValueError> {
        Plus::Space.decode_in_place(bytes)
    }

    /// Where the decoded byte of this index comes from.
    fn encoded_offset(self, index: usize) -> usize {
        let mut bytes = self.bytes();
        for _ in 0..index {
            bytes.next();
        }
        self.offset_of(bytes.rest)
    }

    /// Where the end `rest` of the encoded bytes begins.
    const fn offset_of(self, rest: &[u8]) -> usize {
        self.start.saturating_add(self.encoded.len().saturating_sub(rest.len()))
    }

    /// The `%` at which `rest` begins is not one of an encoded byte.
    const fn malformed(self, rest: &[u8]) -> ValueError {
        ValueError::new(ValueRule::InvalidPercentEncoding, self.offset_of(rest))
    }

    /// Of `rest`, only `room` bytes fit.
    #[cold]
    const fn too_short(self, rest: &[u8], room: usize) -> ValueError {
        ValueError::new(ValueRule::BufferTooShort, self.offset_of(rest).saturating_add(room))
    }
}

impl Plus {
    /// How many bytes stand for themselves before the next that does not.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn run(self, bytes: &[u8]) -> usize {
        match self {
            Self::Itself => find(bytes, [b'%']),
            Self::Space => find(bytes, [b'%', b'+']),
        }
    }

    /// The run before the first byte that does not stand for itself, what that stands for, and what is behind it; where
    /// it is malformed, what begins with it. `None` if all stand for themselves.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn split(self, bytes: &[u8]) -> Option<(&[u8], Option<u8>, &[u8])> {
        let (run, rest) = bytes.split_at_checked(self.run(bytes))?;
        Some(match rest {
            [] => return None,
            [b'%', high, low, behind @ ..] if bytes::classes(*high) & bytes::classes(*low) & bytes::HEX != 0 => {
                (run, Some(bytes::digit(*high) << 4 | bytes::digit(*low)), behind)
            }
            [b'%', ..] => (run, None, rest),
            [_, behind @ ..] => (run, Some(b' '), behind),
        })
    }

    fn decode_in_place(self, bytes: &mut [u8]) -> Result<&mut [u8], ValueError> {
        let encoded = PercentEncoded { encoded: bytes, start: 0, plus: self };
        let (run, length) = (self.run(bytes), encoded.decoded_length()?);
        let cells = Cell::from_mut(&mut *bytes).as_slice_of_cells();
        let (mut from, mut to) = (cells.iter().skip(run).map(Cell::get), cells.iter().skip(run));
        while let (Some(byte), Some(place)) = (from.next(), to.next()) {
            place.set(match byte {
                // There are two digits: all was looked at for its length.
                b'%' => bytes::digit(from.next().unwrap_or(0)) << 4 | bytes::digit(from.next().unwrap_or(0)),
                b'+' if self == Self::Space => b' ',
                byte => byte,
            });
        }
        bytes.get_mut(..length).ok_or(ValueError::new(ValueRule::BufferTooShort, 0))
    }
}

/// Those before `end`, which is not behind their end.
fn bytes_until(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(..end).unwrap_or(bytes)
}

/// Goes through the bytes that a [`PercentEncoded`] decodes to.
#[derive(Clone, Debug)]
pub struct DecodedBytes<'b> {
    whole: PercentEncoded<'b>,
    rest: &'b [u8],
}

impl Iterator for DecodedBytes<'_> {
    type Item = Result<u8, ValueError>;

    fn next(&mut self) -> Option<Result<u8, ValueError>> {
        let (first, others) = self.rest.split_first()?;
        let code = self.whole.plus.split(bytes_until(self.rest, 3));
        let (byte, behind) = match code {
            Some(([], Some(byte), behind)) => {
                let taken = bytes_until(self.rest, 3).len().saturating_sub(behind.len());
                (byte, bytes::from(self.rest, taken))
            }
            Some(([], None, _)) => {
                let error = self.whole.malformed(self.rest);
                self.rest = &[];
                return Some(Err(error));
            }
            _ => (*first, others),
        };
        self.rest = behind;
        Some(Ok(byte))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len().div_ceil(3), Some(self.rest.len()))
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    /// What is decoded, and what must come of it: for an error, its offset.
    type Case<'c> = (&'c [u8], Result<&'c [u8], usize>);

    /// Text, or the rule and the offset.
    type TextCase<'c> = (&'c [u8], Result<&'c str, (ValueRule, usize)>);

    const PERCENT: ValueRule = ValueRule::InvalidPercentEncoding;

    /// Every way of decoding the same bytes.
    fn check(encoded: &[u8], plus: Plus, expected: Result<&[u8], usize>) {
        let value = PercentEncoded { encoded, start: 0, plus };
        let shown = encoded.escape_ascii();
        let expected = expected.map_err(|offset| ValueError::new(PERCENT, offset));
        let mut room = [0; 64];
        assert_eq!(value.decode(&mut room), expected, "{shown}");
        assert_eq!(value.bytes().collect::<Result<Vec<_>, _>>().as_deref(), expected.as_deref(), "{shown}");
        assert_eq!(value.decoded_length(), expected.map(<[u8]>::len), "{shown}");
        let mut copy = encoded.to_vec();
        assert_eq!(plus.decode_in_place(&mut copy).map(|decoded| &*decoded), expected, "{shown}");
        let Ok(decoded) = expected else {
            assert_eq!(copy, encoded, "changed by a failure");
            assert!(!value.is(encoded));
            return;
        };
        assert!(value.is(decoded) && !value.is([decoded, b"x"].concat()), "{shown}");
        assert!(decoded.is_empty() || !value.is(&decoded[1..]), "{shown}");
        assert_eq!(value.is_plain(), decoded == encoded, "{shown}");
        for length in 0..decoded.len() {
            let result = value.decode(&mut room[..length]);
            let offset = value.encoded_offset(length);
            let too_short = Err(ValueError::new(ValueRule::BufferTooShort, offset));
            assert_eq!(result, if value.is_plain() { Ok(encoded) } else { too_short }, "{shown} into {length}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_once_or_refused() {
        let cases: [Case<'_>; 20] = [
            (b"", Ok(b"")),
            (b"a", Ok(b"a")),
            (b"0123456789abcdef0123456789abcdef", Ok(b"0123456789abcdef0123456789abcdef")),
            (b"%41", Ok(b"A")),
            (b"%c3%A9", Ok(b"\xc3\xa9")),
            (b"%00%ff", Ok(b"\0\xff")),
            (b"a%20b%2Fc", Ok(b"a b/c")),
            (b"%2541", Ok(b"%41")),
            (b"%25%32%35", Ok(b"%25")),
            (b"a+b", Ok(b"a+b")),
            (b"\xff\0", Ok(b"\xff\0")),
            (b"0123456789abcdef%2b", Ok(b"0123456789abcdef+")),
            (b"%", Err(0)),
            (b"%4", Err(0)),
            (b"a%4g", Err(1)),
            (b"a%g4", Err(1)),
            (b"%41%", Err(3)),
            (b"%41%%41", Err(3)),
            (b"%+4", Err(0)),
            (b"0123456789abcdef%2", Err(16)),
        ];
        for (encoded, expected) in cases {
            check(encoded, Plus::Itself, expected);
        }
    }

    #[test]
    fn in_forms_a_plus_is_a_space() {
        let cases: [Case<'_>; 5] = [
            (b"a+b", Ok(b"a b")),
            (b"+", Ok(b" ")),
            (b"%2B+%2b", Ok(b"+ +")),
            (b"0123456789abcde+0123456789abcdef", Ok(b"0123456789abcde 0123456789abcdef")),
            (b"+%", Err(1)),
        ];
        for (encoded, expected) in cases {
            check(encoded, Plus::Space, expected);
        }
    }

    #[test]
    fn text_is_utf8_and_errors_say_where() {
        let cases: [TextCase<'_>; 5] = [
            (b"%e2%82%ac", Ok("\u{20ac}")),
            (b"a%ffb", Err((ValueRule::InvalidUtf8, 1))),
            (b"%41%e2%82", Err((ValueRule::InvalidUtf8, 3))),
            (b"\xff", Err((ValueRule::InvalidUtf8, 0))),
            (b"%ff%", Err((PERCENT, 3))),
        ];
        for (encoded, expected) in cases {
            let mut room = [0; 16];
            let text = PercentEncoded::new(encoded).decode_str(&mut room);
            assert_eq!(text.map_err(|error| (error.rule, error.offset)), expected, "{}", encoded.escape_ascii());
        }
    }

    #[test]
    fn numbers_are_parsed_from_what_is_decoded() {
        let parse = |text: &str| PercentEncoded::new(text.as_bytes()).parse::<u8>().map_err(|error| error.rule);
        assert_eq!(parse("7"), Ok(7));
        assert_eq!(parse("%37"), Ok(7));
        for wrong in ["", "256", "-1", "a", "%20"] {
            assert_eq!(parse(wrong), Err(ValueRule::WrongType), "{wrong}");
        }
        assert_eq!(parse("%3"), Err(PERCENT));
        assert_eq!(parse(&"%30".repeat(65)), Err(ValueRule::BufferTooShort));
        assert_eq!(parse(&"0".repeat(65)), Ok(0));
    }
}
