//! A row of a listing: an entry as people read it.

use core::fmt::Write;

use wirenut::http::HttpDate;

use crate::serve::entry::ListedEntry;
use crate::serve::html::{escape, put};
use crate::serve::path;

/// Appends the row of an entry: the name as a link, the size, the time.
pub(super) fn row(entry: &ListedEntry, page: &mut impl Write) {
    let (class, slash) = if entry.length.is_none() { (" class=\"dir\"", "/") } else { ("", "") };
    put(page, format_args!("<tr><th scope=\"row\"><a{class} href=\""));
    path::encode(&entry.name, page);
    put(page, format_args!("{slash}\">"));
    escape(&entry.name, page);
    put(page, format_args!("{slash}</a></th>"));
    match entry.length {
        None => put(page, format_args!("<td></td>")),
        Some(length) => {
            put(page, format_args!("<td title=\"{}\">{}</td>", counted(length, "byte", "bytes"), size(length)));
        }
    }
    let [date, time] = minute(entry.modified);
    put(page, format_args!("<td><time datetime=\"{date}T{time}Z\">{date} {time}</time></td></tr>\n"));
}

/// A number of things, with commas between thousands: `1 file`, `12,345 files`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + 16);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push(' ');
    text.push_str(if count == 1 { one } else { many });
    text
}

/// A size in two or three digits: `0 B`, `999 B`, `1.0 kB`, `12 MB`. A kB has 1000 bytes, as disks and networks count them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // Wide enough for rounding up.
    let bytes = u128::from(bytes);
    let (mut unit, mut factor) = (0, 1000);
    // What rounds to 1000 of a unit is 1.0 of the next.
    while bytes >= factor * 1000 - factor / 2 {
        (unit, factor) = (unit + 1, factor * 1000);
    }
    match (bytes + factor / 20) / (factor / 10) {
        tenths @ 0..100 => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{} {}", (bytes + factor / 2) / factor, UNITS[unit]),
    }
}

/// The date and the time in UTC: `1994-11-06`, `08:49`. After the year 9999 it stays at that year's end.
fn minute(seconds: u64) -> [String; 2] {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    // `Sun, 06 Nov 1994 08:49:37 GMT`
    let date = HttpDate::from_unix(seconds);
    let part = |range| str::from_utf8(&date.as_bytes()[range]).unwrap_or_default();
    let month = MONTHS.chunks(3).position(|name| name == part(8..11).as_bytes()).unwrap_or_default() + 1;
    [format!("{}-{month:02}-{}", part(12..16), part(5..7)), part(17..22).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1049, "1.0 kB"),
            (1050, "1.1 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (10_499, "10 kB"),
            (99_500, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_048_576, "1.0 MB"),
            (12_345_678, "12 MB"),
            (4_300_000_000, "4.3 GB"),
            (999_499_999_999_999_999, "999 PB"),
            (999_500_000_000_000_000, "1.0 EB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn numbers_have_commas() {
        for (count, expected) in [
            (0, "0 files"),
            (1, "1 file"),
            (999, "999 files"),
            (1000, "1,000 files"),
            (123_456, "123,456 files"),
            (u64::MAX, "18,446,744,073,709,551,615 files"),
        ] {
            assert_eq!(counted(count, "file", "files"), expected);
        }
    }

    #[test]
    fn times_are_dates_and_minutes() {
        for (seconds, expected) in [
            (0, ["1970-01-01", "00:00"]),
            (784_111_777, ["1994-11-06", "08:49"]),
            (951_825_599, ["2000-02-29", "11:59"]),
            (1_735_689_599, ["2024-12-31", "23:59"]),
            (u64::MAX, ["9999-12-31", "23:59"]),
        ] {
            assert_eq!(minute(seconds), expected, "{seconds}");
        }
    }
}
