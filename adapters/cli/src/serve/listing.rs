//! The page that shows what is in a directory.

use core::fmt::Write;
use core::hash::Hasher as _;
use std::hash::DefaultHasher;

use wirenut::http::HttpDate;

use super::entry::Entries;
use super::path::{self, RelativePath};

/// What the query of the next page begins with.
const AFTER: &[u8] = b"after=";

/// The name behind which the page begins that is asked for: empty for the first page.
#[must_use]
pub fn after(query: Option<&[u8]>) -> Vec<u8> {
    let mut name = Vec::new();
    let text = query.and_then(|query| query.strip_prefix(AFTER)).unwrap_or_default();
    // A link that somebody changed by hand is one to the first page.
    if path::decode(text, &mut name).is_err() {
        name.clear();
    }
    name
}

/// A page of HTML, and what tells it from any other.
#[derive(Debug)]
pub struct Listing {
    /// The page.
    pub html: String,
    /// A hash of all its bytes. Its key is known, so who chooses names could make two pages that have the same one, and
    /// would mislead nobody but the caches of a page that they could have written as they liked.
    pub digest: u64,
}

impl Listing {
    /// The page for these entries.
    #[must_use]
    pub fn new(path: &RelativePath, after: &[u8], entries: &Entries) -> Self {
        let html = page(path, after, entries);
        let mut hasher = DefaultHasher::new();
        hasher.write(html.as_bytes());
        Self { html, digest: hasher.finish() }
    }
}

/// Names as links, sizes in bytes, times in UTC.
fn page(path: &RelativePath, after: &[u8], entries: &Entries) -> String {
    let mut html = String::with_capacity(1024 + 200 * entries.entries.len());
    let mut title = String::from("/");
    escape(path.as_bytes(), &mut title);
    if title.len() > 1 {
        title.push('/');
    }
    // A `String` takes anything.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n<style>\
         body{{font-family:sans-serif;margin:2em}}td,th{{padding:.1em 1em .1em 0;text-align:left}}\
         .n{{text-align:right;font-variant-numeric:tabular-nums}}</style></head>\n<body><h1>{title}</h1>\n<table>\n\
         <tr><th>Name</th><th class=\"n\">Size</th><th>Changed (UTC)</th></tr>\n"
    );
    if !path.as_bytes().is_empty() {
        html.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in &entries.entries {
        let slash = if entry.length.is_none() { "/" } else { "" };
        html.push_str("<tr><td><a href=\"");
        path::encode(&entry.name, &mut html);
        let _ = write!(html, "{slash}\">");
        escape(&entry.name, &mut html);
        let _ = write!(html, "{slash}</a></td><td class=\"n\">");
        if let Some(length) = entry.length {
            let _ = write!(html, "{length}");
        }
        let date = HttpDate::from_unix(entry.modified);
        let minute = String::from_utf8_lossy(&date.as_bytes()[5..22]);
        let _ = writeln!(html, "</td><td>{minute}</td></tr>");
    }
    html.push_str("</table>\n");
    if !after.is_empty() {
        html.push_str("<p><a href=\"./\">first page</a></p>\n");
    }
    if let Some(last) = &entries.last {
        html.push_str("<p><a href=\"?after=");
        path::encode(last, &mut html);
        html.push_str("\">next page</a></p>\n");
    }
    html.push_str("</body></html>\n");
    html
}

/// Appends bytes as text of HTML, and of an attribute in quotes. What is not UTF-8 is shown as such.
fn escape(bytes: &[u8], into: &mut String) {
    for sign in String::from_utf8_lossy(bytes).chars() {
        match sign {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            // A line break in a name would look like none, and a name that turns the direction of the text would end in
            // what is not its extension.
            sign if sign.is_control() || is_bidirectional_control(sign) => into.push('\u{fffd}'),
            sign => into.push(sign),
        }
    }
}

/// Whether it has the Unicode property Bidi_Control.
const fn is_bidirectional_control(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::super::entry::ListedEntry;
    use super::*;

    #[test]
    fn names_are_data_and_links_lead_to_them() {
        let entry = |name: &[u8], length| ListedEntry { name: name.into(), length, modified: 784_111_777 };
        let entries = Entries {
            entries: vec![
                entry(b"<script>\"'&\n", Some(5)),
                entry(b"a b", None),
                entry(b"javascript:alert(1)", Some(0)),
                entry(b"\xff%?#", Some(1)),
            ],
            last: Some(b"x&\"<".into()),
        };
        let html = page(&RelativePath::plain(b"<b>/c").unwrap(), b"", &entries);
        for part in [
            "<h1>/&lt;b&gt;/c/</h1>",
            "<a href=\"../\">",
            "<a href=\"%3Cscript%3E%22%27%26%0A\">&lt;script&gt;&quot;&#39;&amp;\u{fffd}</a></td><td class=\"n\">5</td>\
             <td>06 Nov 1994 08:49</td>",
            "<a href=\"a%20b/\">a b/</a></td><td class=\"n\"></td>",
            "<a href=\"javascript%3Aalert%281%29\">",
            "<a href=\"%FF%25%3F%23\">\u{fffd}%?#</a>",
            "<a href=\"?after=x%26%22%3C\">next page</a>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("first page"));
        let html = page(&RelativePath::default(), b"a", &Entries::default());
        assert!(html.contains("first page") && !html.contains("next page") && !html.contains("../"));
    }

    #[test]
    fn pages_begin_behind_a_name() {
        for (query, name) in [
            (None, &b""[..]),
            (Some(&b"after=a%20b%ff"[..]), b"a b\xff"),
            (Some(b"after="), b""),
            (Some(b"after=%zz"), b""),
            (Some(b"after=a%00"), b""),
            (Some(b"x=y"), b""),
        ] {
            assert_eq!(after(query), name, "{query:?}");
        }
    }
}
