//! Whether a client wants a page or a text: what its Accept says (RFC 9110 §12.5.1).

use wirenut::http::Fields;

/// Whether `text/html` is asked for by its name, and no less than `text/plain`. Programs that take anything (`*/*`, or no
/// Accept at all) show a text to their users better than a page.
pub(super) fn prefers_html(fields: Fields<'_>) -> bool {
    let weight = |name: &str| {
        let ranges = fields.get_all("Accept").flat_map(|value| value.split(|byte| *byte == b','));
        ranges.filter_map(|range| weight_of(range, name)).max().unwrap_or(0)
    };
    let html = weight("text/html");
    html > 0 && html >= weight("text/plain")
}

/// The weight of a media range, in thousandths, if it is this type. What is malformed counts as not there.
fn weight_of(range: &[u8], name: &str) -> Option<u16> {
    let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    if !parts.next()?.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    weight.map_or(Some(1000), thousandths)
}

/// RFC 9110 §12.4.2: `0`, `1`, and up to three digits behind a point.
fn thousandths(text: &[u8]) -> Option<u16> {
    let (whole, digits) = match text {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', digits @ ..] if digits.len() <= 3 => (whole, digits),
        _ => return None,
    };
    let padded = [*whole].into_iter().chain(digits.iter().copied()).chain([b'0'; 3]).take(4);
    let value = padded.map(|digit| digit.is_ascii_digit().then(|| u16::from(digit - b'0')));
    value.into_iter().try_fold(0, |value, digit| Some(value * 10 + digit?)).filter(|weight| *weight <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_who_names_it() {
        for (lines, expected) in [
            ("", false),
            ("Accept: */*\r\n", false),
            ("Accept: text/*\r\n", false),
            ("Accept: text/html\r\n", true),
            // Firefox and Chromium.
            ("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n", true),
            ("Accept: application/json, Text/HTML;level=1 ; Q=0.5\r\n", true),
            ("Accept: image/png\r\nAccept: text/html\r\n", true),
            ("Accept: text/plain, text/html\r\n", true),
            ("Accept: text/plain, text/html;q=0.9\r\n", false),
            ("Accept: text/plain;q=0.8, text/html;q=0.805\r\n", true),
            ("Accept: text/html;q=0\r\n", false),
            ("Accept: text/html;q=0.000, */*\r\n", false),
            ("Accept: text/html;q=1.001\r\n", false),
            ("Accept: text/html;q=2\r\n", false),
            ("Accept: text/html;q=0.1234\r\n", false),
            ("Accept: text/html;q=.5\r\n", false),
            ("Accept: text/html;q=1.000\r\n", true),
            ("Accept: text/html-x, xtext/html\r\n", false),
            ("Accept: ,, ;q=1, text/html\r\n", true),
        ] {
            assert_eq!(prefers_html(Fields::parse(lines.as_bytes()).unwrap()), expected, "{lines}");
        }
    }
}
