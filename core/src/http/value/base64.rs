//! Base64 (RFC 4648 §4).

use crate::bytes;
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};

/// Decodes groups of four letters with their padding into `room`, and gives what was filled.
pub(crate) fn decode<'r>(text: &[u8], room: &'r mut [u8]) -> Result<&'r [u8], ValueError> {
    let padding = text.iter().rev().take(2).take_while(|letter| **letter == b'=').count();
    let (digits, _) = text.split_at_checked(text.len().saturating_sub(padding)).unwrap_or((text, &[]));
    let too_short = ValueError::new(ValueRule::BufferTooShort, room.len());
    let place = room.get_mut(..decoded_length(digits));
    let is_whole = text.len().is_multiple_of(4);
    let error = match place {
        // Bits that stand for nothing would make two texts of one value (RFC 4648 §3.5).
        Some(place) if is_whole => match fill(digits, place) {
            0 => return Ok(place),
            _ => ValueError::new(ValueRule::InvalidBase64, digits.len().saturating_sub(1)),
        },
        _ if is_whole => too_short,
        _ => ValueError::new(ValueRule::InvalidBase64, text.len()),
    };
    let wrong = digits.iter().position(|letter| digit(*letter) >= NONE);
    Err(wrong.map_or(error, |at| ValueError::new(ValueRule::InvalidBase64, at)))
}

/// How many bytes so many digits are: four are three.
pub(super) const fn decoded_length(digits: &[u8]) -> usize {
    digits.len().saturating_sub(digits.len().div_ceil(4))
}

/// Decodes digits without their padding into `place`, which is as long as they come to. Gives zero, if all are digits and
/// no bits are left.
pub(super) fn fill(digits: &[u8], place: &mut [u8]) -> u8 {
    let (groups, last) = digits.as_chunks();
    let (places, last_place) = place.as_chunks_mut();
    let mut flaws = 0;
    for (digits, place) in groups.iter().zip(places) {
        let bits = group(*digits);
        let [first, second, third, _] = bits.to_be_bytes();
        *place = [first, second, third];
        flaws |= bits;
    }
    let mut bytes = group(padded(last)).to_be_bytes().into_iter();
    last_place.iter_mut().zip(&mut bytes).for_each(|(place, byte)| *place = byte);
    let [.., flaws] = flaws.to_be_bytes();
    bytes.fold(flaws, |flaws, byte| flaws | byte)
}

/// Writes these bytes with padding.
pub(super) fn put(writer: &mut Writer<'_>, mut bytes: impl Iterator<Item = u8>) {
    while let Some(first) = bytes.next() {
        let (second, third) = (bytes.next(), bytes.next());
        let bits = u32::from_be_bytes([0, first, second.unwrap_or(0), third.unwrap_or(0)]);
        let [mut group_3, mut group_4] = [letter(bits >> 6), letter(bits)];
        if third.is_none() {
            group_4 = b'=';
        }
        if second.is_none() {
            group_3 = b'=';
        }
        writer.put(&[letter(bits >> 18), letter(bits >> 12), group_3, group_4]);
    }
}

/// Four digits: those that are missing are zero.
pub(super) fn padded(digits: &[u8]) -> [u8; 4] {
    let mut padded = [b'A'; 4];
    bytes::copy(digits, &mut padded);
    padded
}

/// What four letters stand for: three bytes, the first one in front; below them is zero, if all are digits.
#[inline(always)]
pub(super) fn group(letters: [u8; 4]) -> u32 {
    let [first, second, third, fourth] = letters.map(|letter| u32::from(digit(letter)));
    (first << 26 | second << 20 | third << 14 | fourth << 8) | (first | second | third | fourth) >> 6
}

/// What has this bit is no digit of base64.
pub(super) const NONE: u8 = 64;

/// The value of a letter of base64 (RFC 4648 §4), or [`NONE`].
#[inline(always)]
pub(super) fn digit(letter: u8) -> u8 {
    static DIGITS: [u8; 256] = {
        let mut digits = [NONE; 256];
        let mut rest: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut value = 0;
        while let [letter, behind @ ..] = rest {
            #[expect(
                clippy::indexing_slicing,
                clippy::as_conversions,
                reason = "a byte is below 256, and this is evaluated by the compiler"
            )]
            {
                digits[*letter as usize] = value;
            }
            value = value.wrapping_add(1);
            rest = behind;
        }
        digits
    };
    DIGITS.get(usize::from(letter)).copied().unwrap_or(NONE)
}

/// The letter of the last six bits.
pub(crate) fn letter(bits: u32) -> u8 {
    let digit = u8::try_from(bits & 63).unwrap_or(0);
    match digit {
        0..=25 => digit.wrapping_add(b'A'),
        26..=51 => digit.wrapping_sub(26).wrapping_add(b'a'),
        52..=61 => digit.wrapping_sub(52).wrapping_add(b'0'),
        62 => b'+',
        _ => b'/',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 §10, and what is malformed.
    #[test]
    fn texts_and_what_they_stand_for() {
        let cases: [(&str, Result<&[u8], usize>); 17] = [
            ("", Ok(b"")),
            ("Zg==", Ok(b"f")),
            ("Zm8=", Ok(b"fo")),
            ("Zm9v", Ok(b"foo")),
            ("Zm9vYg==", Ok(b"foob")),
            ("Zm9vYmE=", Ok(b"fooba")),
            ("Zm9vYmFy", Ok(b"foobar")),
            ("/+8=", Ok(b"\xff\xef")),
            ("Zg=", Err(3)),
            ("Zg", Err(2)),
            ("Z===", Err(1)),
            ("Zg==Zg==", Err(2)),
            ("=", Err(1)),
            ("====", Err(0)),
            ("Zm-v", Err(2)),
            ("Zh==", Err(1)),
            ("Zm9=", Err(2)),
        ];
        for (text, expected) in cases {
            let mut room = [0; 8];
            let decoded = decode(text.as_bytes(), &mut room);
            assert_eq!(decoded.map_err(|error| error.offset), expected, "{text}");
            if let Ok(bytes) = expected {
                let mut out = [0; 16];
                let mut writer = Writer::new(&mut out);
                put(&mut writer, bytes.iter().copied());
                let length = writer.finish().unwrap();
                assert_eq!(&out[..length], text.as_bytes());
            }
        }
        assert_eq!(decode(b"Zm8=", &mut [0]), Err(ValueError::new(ValueRule::BufferTooShort, 1)));
    }
    #[test]
    fn the_first_byte_that_is_no_digit_is_found() {
        for length in [4, 8, 12] {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = [b'A'; 12];
                    text[place] = byte;
                    let is_digit = byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
                    let is_padding = byte == b'=' && place + 1 == length;
                    let decoded = decode(&text[..length], &mut [0; 9]).map(<[u8]>::len).map_err(|error| error.offset);
                    let expected = if is_digit { Ok(length / 4 * 3) } else { Err(place) };
                    let expected = if is_padding { Ok(length / 4 * 3 - 1) } else { expected };
                    assert_eq!(decoded, expected, "{byte} at {place} of {length}");
                }
            }
        }
    }
}
