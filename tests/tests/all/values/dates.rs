//! Dates, beside httpdate.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use wirenut::http::HttpDate;

fn theirs(text: &str) -> Option<u64> {
    let time: SystemTime = httpdate::parse_http_date(text).ok()?;
    Some(time.duration_since(UNIX_EPOCH).expect("they have none before").as_secs())
}

fn ours(text: &str) -> Option<u64> {
    HttpDate::parse(text.as_bytes())
}

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

proptest! {
    #[test]
    fn dates_are_written_as_httpdate_has_it(seconds in 0..=LAST) {
        let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        let date = HttpDate::from_unix(seconds);
        prop_assert_eq!(&date.as_bytes()[..], text.as_bytes());
        prop_assert_eq!(ours(&text), Some(seconds));
    }

    /// They also want the right day of the week and no leap second, and know nothing before 1970: what both read is read
    /// alike, and a date that nobody has changed is one for both.
    #[test]
    fn dates_are_read_as_httpdate_has_it(
        seconds in 0..=LAST,
        form in 0..3_usize,
        at in any::<prop::sample::Index>(),
        other in prop::option::of("[0-9 :,a-zA-Z-]"),
    ) {
        // The two digits of a year are of 1970 to 2069.
        let seconds = if form == 1 { seconds % 3_155_760_000 } else { seconds };
        let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        let (weekday, day, month, year) = (&text[..3], &text[5..7], &text[8..11], &text[12..16]);
        let time = &text[17..25];
        let long = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
            .into_iter()
            .find(|long| long.starts_with(weekday))
            .expect("a weekday");
        let mut text = match form {
            0 => text,
            1 => format!("{long}, {day}-{month}-{} {time} GMT", &year[2..]),
            _ => format!("{weekday} {month} {:2} {time} {year}", day.parse::<u8>().expect("a day")),
        };
        let mut replaced = None;
        if let Some(other) = other {
            let at = at.index(text.len());
            replaced = Some(text.as_bytes()[at]);
            text.replace_range(at..=at, &other);
        }
        match (ours(&text), theirs(&text)) {
            (_, None) => prop_assert!(replaced.is_some(), "{}", text),
            // They take anything between the date and the time.
            (None, Some(_)) => prop_assert_eq!(replaced, Some(b' '), "{}", text),
            (ours, theirs) => prop_assert_eq!(ours, theirs, "{}", text),
        }
    }
}
