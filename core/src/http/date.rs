//! The date of a message (RFC 9110 §5.6.7), which the host gives: the core has no clock.

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
                place.copy_from_slice(bytes);
            }
        };
        // The first day was a Thursday.
        put(0, name(b"SunMonTueWedThuFriSat", (day + 4) % 7));
        put(5, &two_digits(month_day));
        put(8, name(b"JanFebMarAprMayJunJulAugSepOctNovDec", month - 1));
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
}

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
        }
    }
}
