//! The date of a cookie's Expires attribute, as clients read it (RFC 6265 §5.1.1): in nearly any form.

use super::date::{self, MONTHS};
use crate::bytes;

/// The seconds since 1970-01-01 00:00:00 UTC; 0 for what is earlier. `None` if it is no date.
pub(super) fn parse(text: &[u8]) -> Option<u64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        // The first that fits is taken, and each token is one of them only.
        if time.is_none() && set(&mut time, hours_minutes_seconds(token))
            || day.is_none() && set(&mut day, number(token, 1, 2).map(|(day, _)| day))
            || month.is_none() && set(&mut month, month_of(token))
        {
            continue;
        }
        if year.is_none() {
            year = number(token, 2, 4).map(|(year, _)| year);
        }
    }
    let year = match year? {
        year @ 70..=99 => year.wrapping_add(1_900),
        year @ 0..=69 => year.wrapping_add(2_000),
        year => year,
    };
    let (hour, minute, second) = time?;
    // There is no leap second in a cookie.
    let is_sound = year >= 1_601 && second <= 59;
    is_sound.then(|| date::seconds((year, month?, day?), (hour, minute, second))).flatten()
}

fn set<T>(place: &mut Option<T>, found: Option<T>) -> bool {
    *place = found;
    place.is_some()
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// The number of at least and at most so many digits that a token begins with, and what follows, which is no digit.
fn number(token: &[u8], least: usize, most: usize) -> Option<(u64, &[u8])> {
    let length = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = token.split_at_checked(length)?;
    let number = bytes::decimal(digits)?;
    (least..=most).contains(&length).then_some((number, rest))
}

fn hours_minutes_seconds(token: &[u8]) -> Option<(u64, u64, u64)> {
    let (hour, rest) = number(token, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 1, 2)?;
    let (second, _) = number(rest.strip_prefix(b":")?, 1, 2)?;
    Some((hour, minute, second))
}

fn month_of(token: &[u8]) -> Option<u64> {
    let name = token.get(..3)?;
    MONTHS.chunks_exact(3).zip(1..).find(|(month, _)| month.eq_ignore_ascii_case(name)).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_in_nearly_any_form() {
        let cases: [(&str, Option<u64>); 27] = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Sun, 06-Nov-1994 08:49:37 GMT", Some(784_111_777)),
            ("6 november 1994 8:49:37", Some(784_111_777)),
            ("1994 6 Nov 8:49:37", Some(784_111_777)),
            ("8:49:37 6th Nov 94AD", Some(784_111_777)),
            ("08:49:37x 6 Nov 1994", Some(784_111_777)),
            // A dot separates, and so 999 is the year.
            ("08:49:37.999 6 Nov 1994", None),
            ("Thu, 01 Jan 70 00:00:00", Some(0)),
            ("Thu, 01 Jan 1601 00:00:00", Some(0)),
            ("Tue, 31 Dec 69 23:59:59 GMT", Some(3_155_759_999)),
            ("Thu, 31 Dec 1600 23:59:59", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:60:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:60 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 08:49:37 GMT", None),
            ("Sun, Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 19940 08:49:37 GMT", None),
            ("Sun, 006 Nov 1994 08:49:37 GMT", None),
            ("tomorrow", None),
            ("0", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text.as_bytes()), seconds, "{text}");
        }
    }
}
