//! Dates (RFC 9110 §5.6.7). That of a message is given by the host: the core has no clock.

use crate::bytes;

/// A date in the form of IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`, 29 bytes.
///
/// ```
/// use wirenut::http::HttpDate;
/// assert_eq!(HttpDate::from_unix(784_111_777).as_bytes(), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HttpDate {
    text: [u8; 29],
}

impl HttpDate {
    /// The date that is `seconds` after 1970-01-01 00:00:00 UTC. After the year 9999 it stays at that year's end.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "all operands are bounded by the year 9999")]
    pub fn from_unix(seconds: u64) -> Self {
        const LAST: u64 = 253_402_300_799;
        let seconds = seconds.min(LAST);
        let day = seconds / 86_400;
        let second = seconds % 86_400;
        let (year, month, month_day) = civil(day);
        let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = text.get_mut(at..at + bytes.len()) {
                bytes::copy(bytes, place);
            }
        };
        // The first day was a Thursday.
        put(0, name(b"SunMonTueWedThuFriSat", (day + 4) % 7));
        put(5, &two_digits(month_day));
        put(8, name(MONTHS, month - 1));
        put(12, &two_digits(year / 100));
        put(14, &two_digits(year % 100));
        put(17, &two_digits(second / 3_600));
        put(20, &two_digits(second / 60 % 60));
        put(23, &two_digits(second % 60));
        Self { text }
    }

    /// The 29 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 29] {
        &self.text
    }

    /// The seconds since 1970-01-01 00:00:00 UTC of a date in any of the three forms that recipients must understand;
    /// 0 for what is earlier. `None` if it is no date. The day of the week is not compared with the date.
    ///
    /// The two digits of a year in the form of RFC 850 are of 1970 to 2069: the core does not know which year it is.
    ///
    /// ```
    /// use wirenut::http::HttpDate;
    /// assert_eq!(HttpDate::parse(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
    /// assert_eq!(HttpDate::parse(b"Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
    /// assert_eq!(HttpDate::parse(b"Sun Nov  6 08:49:37 1994"), Some(784_111_777));
    /// assert_eq!(HttpDate::parse(b"yesterday"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<u64> {
        let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (weekday, rest) = text.split_at_checked(letters)?;
        let mut weekdays = WEEKDAYS.split(|&byte| byte == b' ');
        let layout: &[u8] = match rest.first()? {
            b',' if letters > 3 => b", DD-nnn-yy hh:mm:ss GMT",
            b',' => b", DD nnn YYYY hh:mm:ss GMT",
            _ => b" nnn _D hh:mm:ss YYYY",
        };
        let is_weekday = weekdays.any(|long| long == weekday || long.get(..3) == Some(weekday));
        if is_weekday && layout.len() == rest.len() { read(layout, rest) } else { None }
    }
}

const WEEKDAYS: &[u8] = b"Sunday Monday Tuesday Wednesday Thursday Friday Saturday";
pub(super) const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// Year, month (1 to 12) and day (1 to 31) of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last one; 400 years are 146,097 days.
#[expect(clippy::arithmetic_side_effects, reason = "days are bounded by the year 9999")]
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let era_day = day % 146_097;
    let era_year = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
    let year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    let march_month = (5 * year_day + 2) / 153;
    let month_day = year_day - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = day / 146_097 * 400 + era_year + u64::from(month <= 2);
    (year, month, month_day)
}

/// Reads a date as laid out: `n` stands for a letter of the month's name, `_` for a digit or a space, the other letters but
/// those of `GMT` for digits of the day, the year, the hour, the minute and the second.
fn read(layout: &[u8], text: &[u8]) -> Option<u64> {
    let (mut day, mut year, mut hour, mut minute, mut second) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let mut month_name = [0; 3];
    let mut letters = month_name.iter_mut();
    for (&kind, &byte) in layout.iter().zip(text) {
        let number = match kind {
            b'n' => {
                *letters.next()? = byte;
                continue;
            }
            b'_' if byte == b' ' => continue,
            b'D' | b'_' => &mut day,
            b'Y' | b'y' => &mut year,
            b'h' => &mut hour,
            b'm' => &mut minute,
            b's' => &mut second,
            _ if kind == byte => continue,
            _ => return None,
        };
        // Four digits at most, so nothing overflows.
        *number = number.wrapping_mul(10).wrapping_add(bytes::decimal(&[byte])?);
    }
    if layout.contains(&b'y') {
        year = year.wrapping_add(if year < 70 { 2_000 } else { 1_900 });
    }
    let month = MONTHS.chunks_exact(3).zip(1_u64..).find(|(name, _)| **name == month_name)?.1;
    seconds((year, month, day), (hour, minute, second))
}

/// The seconds since 1970-01-01 00:00:00 UTC of year, month and day, with the time of the day; 0 for what is earlier.
/// `None` if there is no such time. No number has more than four digits, and the month is one of twelve.
pub(super) fn seconds((year, month, day): (u64, u64, u64), (hour, minute, second): (u64, u64, u64)) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last_day = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    // The second 60 is a leap second.
    let is_sound = (1..=last_day).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    is_sound.then(|| since_1970((year, month, day), (hour, minute, second)))
}

/// The inverse of [`civil`], with the time of the day in seconds; 0 for what is earlier.
#[expect(clippy::arithmetic_side_effects, reason = "years have four digits, and the other numbers two")]
fn since_1970((year, month, day): (u64, u64, u64), (hour, minute, second): (u64, u64, u64)) -> u64 {
    let year = year.saturating_sub(u64::from(month <= 2));
    let march_month = (month + 9) % 12;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * march_month + 2) / 5 + day - 1;
    days.checked_sub(719_468).map_or(0, |days| days * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn name(names: &'static [u8], index: u64) -> &'static [u8] {
    usize::try_from(index).ok().and_then(|index| names.chunks_exact(3).nth(index)).unwrap_or(b"???")
}

fn two_digits(number: u64) -> [u8; 2] {
    let digit = |number: u64| u8::try_from(number % 10).unwrap_or(0).saturating_add(b'0');
    [digit(number / 10), digit(number)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_around_the_turns_of_the_calendar() {
        let cases: [(u64, &[u8; 29]); 8] = [
            (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
            (68_169_599, b"Mon, 28 Feb 1972 23:59:59 GMT"),
            (68_169_600, b"Tue, 29 Feb 1972 00:00:00 GMT"),
            (951_782_400, b"Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, b"Wed, 01 Mar 2000 00:00:00 GMT"),
            (4_107_542_399, b"Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, b"Mon, 01 Mar 2100 00:00:00 GMT"),
            (u64::MAX, b"Fri, 31 Dec 9999 23:59:59 GMT"),
        ];
        for (seconds, expected) in cases {
            let date = HttpDate::from_unix(seconds);
            assert_eq!(date.as_bytes(), expected, "{seconds}");
            let parsed = HttpDate::parse(expected);
            assert_eq!(parsed, Some(seconds.min(253_402_300_799)), "{seconds}");
        }
    }

    #[test]
    fn every_day_reads_as_it_is_written() {
        for day in 0..60_000 {
            let seconds = day * 86_400 + day;
            assert_eq!(HttpDate::parse(HttpDate::from_unix(seconds).as_bytes()), Some(seconds));
        }
    }

    #[test]
    fn dates_come_in_three_forms() {
        let cases: [(&str, Option<u64>); 30] = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Sun Nov 16 08:49:37 1994", Some(784_975_777)),
            ("Sun Nov 06 08:49:37 1994", Some(784_111_777)),
            ("Thursday, 01-Jan-70 00:00:01 GMT", Some(1)),
            ("Tuesday, 31-Dec-69 23:59:59 GMT", Some(3_155_759_999)),
            // The day of the week is not compared with the date.
            ("Mon, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", Some(0)),
            ("Sat, 01 Jan 0000 00:00:00 GMT", Some(0)),
            ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_800)),
            ("Sat, 31 Dec 2016 23:59:61 GMT", None),
            ("Tue, 29 Feb 2100 00:00:00 GMT", None),
            ("Tue, 31 Apr 2024 00:00:00 GMT", None),
            ("Tue, 00 Apr 2024 00:00:00 GMT", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:60:37 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 UTC", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT ", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sun, 6 Nov 1994 08:49:37 GMT", None),
            ("Sun, +6 Nov 1994 08:49:37 GMT", None),
            ("Xxx, 06 Nov 1994 08:49:37 GMT", None),
            ("Su, 06 Nov 1994 08:49:37 GMT", None),
            ("Sunda, 06-Nov-94 08:49:37 GMT", None),
            ("Sunday, 06 Nov 1994 08:49:37 GMT", None),
            (", 06 Nov 1994 08:49:37 GMT", None),
            ("0", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(HttpDate::parse(text.as_bytes()), seconds, "{text}");
        }
    }
}
