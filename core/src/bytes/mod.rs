//! Byte classes and the scanners over them: the one place where bytes are told apart.
//!
//! The classes are those of RFC 9110 §5.5 and §5.6.2, RFC 9112 §3.2 and RFC 3986 §2, as bits of one table.

#[cfg(all(feature = "quick", feature = "sse2", target_arch = "x86_64"))]
#[path = "sse2.rs"]
mod blocks;
#[cfg(all(feature = "quick", not(all(feature = "sse2", target_arch = "x86_64"))))]
#[path = "words.rs"]
mod blocks;
#[cfg(not(feature = "quick"))]
#[path = "plain.rs"]
mod blocks;
/// One way of scanning, in three files with the same surface.
pub(crate) mod list;

#[cfg(feature = "quick")]
pub(crate) use blocks::LineEnds;

use core::slice::Iter;

pub(crate) const CR: u8 = b'\r';
pub(crate) const LF: u8 = b'\n';
pub(crate) const SP: u8 = b' ';
pub(crate) const HTAB: u8 = b'\t';

/// `tchar` of RFC 9110 §5.6.2.
pub(crate) const TOKEN: u8 = 1;
/// What a request target may hold: the characters of RFC 3986, and those that browsers send unescaped in a query
/// (WHATWG URL): `` ^ ` { | } ``. Refused: controls, space, `"`, `#`, `<`, `>`, `\` and all beyond ASCII.
pub(crate) const TARGET: u8 = 2;
/// What a registered name may hold (RFC 3986 §3.2.2) besides percent-encoding: unreserved and sub-delims.
pub(crate) const REG_NAME: u8 = 4;
/// What a field value may hold (RFC 9110 §5.5): visible ASCII, space, tab and obs-text.
pub(crate) const FIELD_VALUE: u8 = 8;

/// Anything but a question mark.
const NO_QUERY_MARK: u8 = 16;
/// `HEXDIG` of RFC 5234, in either case.
pub(crate) const HEX: u8 = 32;
/// `DIGIT` of RFC 5234.
pub(crate) const DIGIT: u8 = 64;
/// `OWS` of RFC 9110 §5.6.3: space and tab.
pub(crate) const BLANK: u8 = 128;

static CLASSES: [u8; 256] = CLASS_TABLE;

/// The same, for the compiler.
pub(crate) const CLASS_TABLE: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = 0;
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        if byte.is_ascii_graphic() && !is_one_of(byte, b"\"#<>\\") {
            class |= TARGET;
        }
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"-._~!$&'()*+,;=") {
            class |= REG_NAME;
        }
        if byte != b'?' {
            class |= NO_QUERY_MARK;
        }
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if byte == SP || byte == HTAB {
            class |= BLANK;
        }
        if byte >= 0x80 || byte == HTAB || (byte >= SP && byte != 0x7f) {
            class |= FIELD_VALUE;
        }
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "a byte is below 256, and this is evaluated by the compiler"
        )]
        {
            classes[byte as usize] = class;
        }
        if byte == u8::MAX {
            break classes;
        }
        byte = byte.wrapping_add(1);
    }
};

const fn is_one_of(byte: u8, mut set: &[u8]) -> bool {
    while let [first, rest @ ..] = set {
        if *first == byte {
            return true;
        }
        set = rest;
    }
    false
}

pub(crate) fn has_class(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}

/// The bits of its classes.
#[inline(always)]
pub(crate) fn classes(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Takes bytes up to one that is not of `class`, which is taken, too, and returned.
#[inline(always)]
pub(crate) fn next_outside(bytes: &mut Iter<'_, u8>, class: u8) -> Option<u8> {
    while let Some(&[a, b, c, d]) = bytes.as_slice().first_chunk()
        && classes(a) & classes(b) & classes(c) & classes(d) & class != 0
    {
        bytes.nth(3);
    }
    loop {
        let byte = *bytes.next()?;
        if classes(byte) & class == 0 {
            return Some(byte);
        }
    }
}

/// Index of the first byte from `at` on that is not of `class`, or the length.
#[cfg(any(test, not(all(feature = "quick", feature = "sse2", target_arch = "x86_64"))))]
fn class_end(bytes: &[u8], at: usize, class: u8) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    let step = rest.iter().position(|&byte| !has_class(byte, class));
    step.map_or(bytes.len(), |step| at.wrapping_add(step))
}

/// Where the token ends that begins at `at`.
#[inline]
pub(crate) fn token_end(bytes: &[u8], at: usize) -> usize {
    blocks::class_end(bytes, at, TOKEN, blocks::outside_names)
}

/// Where the request target ends that begins at `at`.
#[cfg(any(test, feature = "quick"))]
#[inline]
pub(crate) fn target_end(bytes: &[u8], at: usize) -> usize {
    blocks::class_end(bytes, at, TARGET, blocks::outside_targets)
}

/// Where the field value ends that begins at `at`: at the first byte which no value may hold.
#[inline]
pub(crate) fn value_end(bytes: &[u8], at: usize) -> usize {
    blocks::class_end(bytes, at, FIELD_VALUE, blocks::controls)
}

/// Where the registered name ends that begins at `at`, or is percent-encoded.
#[cfg(any(test, feature = "quick"))]
#[inline]
pub(crate) fn reg_name_end(bytes: &[u8], at: usize) -> usize {
    blocks::class_end(bytes, at, REG_NAME, blocks::outside_hosts)
}

/// Index of the first question mark, or the length.
#[inline]
pub(crate) fn query_mark(bytes: &[u8]) -> usize {
    blocks::class_end(bytes, 0, NO_QUERY_MARK, blocks::query_marks)
}

/// Is the whole of `bytes` a token (RFC 9110 §5.6.2)?
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_end(bytes, 0) == bytes.len()
}

/// May the whole of `bytes` stand as a field value?
pub(crate) fn is_field_value(bytes: &[u8]) -> bool {
    value_end(bytes, 0) == bytes.len()
}

/// The same, for the compiler.
pub(crate) const fn can_be_value(mut bytes: &[u8]) -> bool {
    while let [byte, rest @ ..] = bytes {
        if (*byte < SP && *byte != HTAB) || *byte == 0x7f {
            return false;
        }
        bytes = rest;
    }
    true
}

/// Index of the first line feed.
pub(crate) fn line_feed(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == LF)
}

/// Index of the first such byte, for runs that are long, most of them. Both bytes of a pair are the one.
#[inline]
pub(crate) fn position(bytes: &[u8], byte: u8) -> Option<usize> {
    blocks::pair(bytes, bytes, byte, byte, |_| true)
}

/// Index of the first place of `needle`, which has four bytes at least: a shorter one is not found. Its first and its last byte are looked for together, and where both stand, its first
/// four bytes are compared before the rest: that is as fast as the rest is rare.
#[inline]
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let ([first, .., last], Some(start)) = (needle, needle.first_chunk::<4>()) else { return None };
    let ahead = bytes.get(needle.len().wrapping_sub(1)..)?;
    let is_there = |at| {
        let place = from(bytes, at);
        place.first_chunk() == Some(start) && place.starts_with(needle)
    };
    blocks::pair(bytes, ahead, *first, *last, is_there)
}

/// Index of the first place from `at` on with `first` in the one and `last` in the other, that is one.
fn pair_in(
    bytes: &[u8],
    ahead: &[u8],
    at: usize,
    first: u8,
    last: u8,
    is_there: impl Fn(usize) -> bool,
) -> Option<usize> {
    let places = from(bytes, at).iter().zip(from(ahead, at)).zip(at..);
    let mut found = places.filter(|((one, other), at)| **one == first && **other == last && is_there(*at));
    found.next().map(|(_, at)| at)
}

/// What stands behind the first `byte`: nothing, if there is none.
#[inline(never)]
pub(crate) fn behind(bytes: &[u8], byte: u8) -> &[u8] {
    let mut rest = bytes.iter();
    while rest.next().is_some_and(|next| *next != byte) {}
    rest.as_slice()
}

/// Those from `at` on. Of an index that was a length before, this is less code than a look whether it is one.
#[inline(always)]
pub(crate) fn from(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at.min(bytes.len())..).unwrap_or(&[])
}

/// `bytes` without the optional white space around them (RFC 9110 §5.6.3): most often, one space before.
#[inline(always)]
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = if let [SP, rest @ ..] = bytes { rest } else { bytes };
    if let [SP | HTAB, ..] | [.., SP | HTAB] = bytes { trim_more(bytes) } else { bytes }
}

#[cold]
#[inline(never)]
fn trim_more(mut bytes: &[u8]) -> &[u8] {
    while let [SP | HTAB, rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., SP | HTAB] = bytes {
        bytes = rest;
    }
    bytes
}

/// Copies as much as both have. Unlike that of slices it has no case in which it panics.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// The number that `digits` spell: only digits, at least one, without overflow; leading zeros are allowed.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// The value of a byte that is a hexadecimal digit.
pub(crate) const fn digit(byte: u8) -> u8 {
    (byte & 15).wrapping_add(if byte > b'9' { 9 } else { 0 })
}

/// The value of a byte, if it is a hexadecimal digit.
#[cfg(feature = "quick")]
#[inline(always)]
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    has_class(byte, HEX).then(|| digit(byte))
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec;

    /// Each scanner against the plain loop over its class: every byte at every place of every length, from every start.
    #[test]
    fn scanners_find_every_byte_at_every_place() {
        type Scanner = fn(&[u8], usize) -> usize;
        let scanners: [(Scanner, u8); 5] = [
            (token_end, TOKEN),
            (target_end, TARGET),
            (value_end, FIELD_VALUE),
            (reg_name_end, REG_NAME),
            (|bytes, at| query_mark(&bytes[at..]) + at, NO_QUERY_MARK),
        ];
        for (scanner, class) in scanners {
            for length in 0..50 {
                for place in 0..length {
                    for byte in 0..=u8::MAX {
                        let mut bytes = vec![b'x'; length];
                        bytes[place] = byte;
                        for start in [0, place / 2, place, place + 1, length] {
                            let expected = class_end(&bytes, start, class);
                            assert_eq!(
                                scanner(&bytes, start),
                                expected,
                                "class {class}, byte {byte} at {place} of {length}, from {start}"
                            );
                        }
                    }
                }
            }
        }
    }

    /// Against the plain look at each place: every length, every place; and others before it that begin and end alike.
    #[test]
    fn needles_are_found_at_every_place() {
        for needle in [&b"\n--x"[..], b"\n--a-boundary-of-some-length"] {
            for length in 0..150 {
                for place in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[..place].iter_mut().step_by(3).for_each(|byte| *byte = b'\n');
                    for (to, from) in bytes[place..].iter_mut().zip(needle) {
                        *to = *from;
                    }
                    if let Some(last) =
                        bytes.get_mut((place / 2 + needle.len()).saturating_sub(1)).filter(|_| place % 2 == 0)
                    {
                        *last = needle[needle.len() - 1];
                    }
                    let expected = bytes.windows(needle.len()).position(|window| window == needle);
                    assert_eq!(find(&bytes, needle), expected, "{place} of {length}: {}", bytes.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn classes_are_those_of_the_rfcs() {
        for byte in 0..=u8::MAX {
            let character = char::from(byte);
            assert_eq!(has_class(byte, FIELD_VALUE), byte == HTAB || (byte >= 0x20 && byte != 0x7f), "{byte}");
            let token = character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
            assert_eq!(has_class(byte, TOKEN), token, "{byte}");
            let target = character.is_ascii_graphic() && !"\"#<>\\".contains(character);
            assert_eq!(has_class(byte, TARGET), target, "{byte}");
        }
    }

    #[test]
    fn a_tab_does_not_hide_what_follows_it() {
        let mut bytes = vec![b'\t'; 100];
        assert_eq!(value_end(&bytes, 0), 100);
        bytes[99] = 0;
        assert_eq!(value_end(&bytes, 0), 99);
    }

    #[test]
    fn decimal_takes_digits_and_nothing_else() {
        let cases: [(&[u8], Option<u64>); 9] = [
            (b"0", Some(0)),
            (b"007", Some(7)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"", None),
            (b"+5", None),
            (b"-5", None),
            (b"5 ", None),
            (b"5,6", None),
        ];
        for (digits, expected) in cases {
            assert_eq!(decimal(digits), expected, "{digits:?}");
        }
    }

    #[test]
    fn trim_takes_spaces_and_tabs_off_both_ends_only() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b"\x0ba\x0c"), b"\x0ba\x0c");
    }
}
