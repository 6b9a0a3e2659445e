//! Whether a client wants a page or a text: what its Accept says (RFC 9110 §12.5.1).

use wirenut::http::{Fields, MediaType, QualityList};

/// Whether `text/html` is asked for by its name, and no less than `text/plain`. Programs that take anything (`*/*`, or no
/// Accept at all) show a text to their users better than a page.
pub(super) fn prefers_html(fields: Fields<'_>) -> bool {
    let weight = |name: &str| {
        let items = QualityList::of(fields, "Accept").into_iter().flatten();
        let named = items.filter(|item| MediaType::parse(item.value).is_ok_and(|range| range.is(name)));
        named.map(|item| item.weight).max().unwrap_or(0)
    };
    let html = weight("text/html");
    html > 0 && html >= weight("text/plain")
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
