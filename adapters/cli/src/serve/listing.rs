//! The page that shows what is in a directory.

use core::fmt::Write;
use core::hash::{Hash, Hasher as _};
use std::hash::DefaultHasher;

use wirenut::http::HttpDate;

use super::entry::{Entries, ListedEntry};
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

/// What HEAD and conditions have to know of the page of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Of the page, in bytes.
    pub length: u64,
    /// A hash of all that the page is made of. Its key is known, so who chooses names could make two pages that have the same
    /// one, and would mislead nobody but the caches of a page that they could have written as they liked.
    pub digest: u64,
}

/// The page of a directory, not written yet.
#[derive(Debug)]
pub struct Listing {
    path: RelativePath,
    after: Vec<u8>,
    entries: Entries,
    /// What is known of the page.
    pub summary: Summary,
}

impl Listing {
    /// The page for these entries, which begin behind the name `after`.
    #[must_use]
    pub fn new(path: RelativePath, after: Vec<u8>, entries: Entries) -> Self {
        let mut listing = Self { path, after, entries, summary: Summary { length: 0, digest: 0 } };
        let rows: usize = listing.entries.entries.iter().map(row_length).sum();
        let length = (listing.top().len() + rows + listing.bottom().len()) as u64;
        listing.summary = Summary { length, digest: listing.digest() };
        listing
    }

    /// The page, in pieces of some kilobytes.
    #[must_use]
    pub const fn into_pieces(self) -> Pieces {
        Pieces { listing: self, next: 0, is_over: false }
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // Another version may write another page of the same.
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        (self.path.as_bytes(), &self.after, &self.entries.last).hash(&mut hasher);
        for entry in &self.entries.entries {
            // Pages show minutes.
            (&entry.name, entry.length, entry.modified / 60).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn top(&self) -> String {
        let mut title = String::from("/");
        escape(self.path.as_bytes(), &mut title);
        if title.len() > 1 {
            title.push('/');
        }
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n<style>\
             body{{font-family:sans-serif;margin:2em}}td,th{{padding:.1em 1em .1em 0;text-align:left}}\
             .n{{text-align:right;font-variant-numeric:tabular-nums}}</style></head>\n<body><h1>{title}</h1>\n<table>\n\
             <tr><th>Name</th><th class=\"n\">Size</th><th>Changed (UTC)</th></tr>\n"
        );
        if !self.path.as_bytes().is_empty() {
            html.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
        }
        html
    }

    fn bottom(&self) -> String {
        let mut html = String::from("</table>\n");
        if !self.after.is_empty() {
            html.push_str("<p><a href=\"./\">first page</a></p>\n");
        }
        if let Some(last) = &self.entries.last {
            html.push_str("<p><a href=\"?after=");
            path::encode(last, &mut html);
            html.push_str("\">next page</a></p>\n");
        }
        html.push_str("</body></html>\n");
        html
    }
}

/// How long a piece is at least, but for the last one.
const PIECE: usize = 16 * 1024;

/// The page in pieces, each of which is written when it is asked for. Together they have [`Summary::length`].
#[derive(Debug)]
pub struct Pieces {
    listing: Listing,
    next: usize,
    is_over: bool,
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.is_over {
            return None;
        }
        let mut html = if self.next == 0 { self.listing.top() } else { String::new() };
        html.reserve(PIECE);
        while let Some(entry) = self.listing.entries.entries.get(self.next) {
            row(entry, &mut html);
            self.next += 1;
            if html.len() >= PIECE {
                return Some(html.into_bytes());
            }
        }
        self.is_over = true;
        html.push_str(&self.listing.bottom());
        Some(html.into_bytes())
    }
}

/// What stands around the link, its text, the size and the time of an entry.
const ROW: [&str; 5] = ["<tr><td><a href=\"", "\">", "</a></td><td class=\"n\">", "</td><td>", "</td></tr>\n"];

/// The part of an HTTP date that is shown: of `Sun, 06 Nov 1994 08:49:37 GMT`.
const MINUTE: core::ops::Range<usize> = 5..22;

/// Appends the row of an entry: the name as a link, the size in bytes, the time in UTC.
fn row(entry: &ListedEntry, html: &mut String) {
    let slash = slash(entry);
    html.push_str(ROW[0]);
    path::encode(&entry.name, html);
    html.push_str(slash);
    html.push_str(ROW[1]);
    escape(&entry.name, html);
    html.push_str(slash);
    html.push_str(ROW[2]);
    if let Some(length) = entry.length {
        // A `String` takes anything.
        let _ = write!(html, "{length}");
    }
    html.push_str(ROW[3]);
    let date = HttpDate::from_unix(entry.modified);
    html.push_str(&String::from_utf8_lossy(&date.as_bytes()[MINUTE]));
    html.push_str(ROW[4]);
}

/// How much [`row`] appends, without writing it.
fn row_length(entry: &ListedEntry) -> usize {
    let around: usize = ROW.iter().map(|part| part.len()).sum();
    let digits = entry.length.map_or(0, |length| length.checked_ilog10().unwrap_or(0) as usize + 1);
    let name = path::encoded_length(&entry.name) + escaped_length(&entry.name) + 2 * slash(entry).len();
    around + name + digits + MINUTE.len()
}

const fn slash(entry: &ListedEntry) -> &'static str {
    if entry.length.is_none() { "/" } else { "" }
}

/// Appends bytes as text of HTML, and of an attribute in quotes. What is not UTF-8 is shown as such.
fn escape(bytes: &[u8], into: &mut String) {
    let text = String::from_utf8_lossy(bytes);
    if is_plain(bytes) {
        return into.push_str(&text);
    }
    for sign in text.chars() {
        match in_html(sign) {
            Some(escaped) => into.push_str(escaped),
            None => into.push(sign),
        }
    }
}

fn escaped_length(bytes: &[u8]) -> usize {
    if is_plain(bytes) {
        return bytes.len();
    }
    String::from_utf8_lossy(bytes).chars().map(|sign| in_html(sign).map_or(sign.len_utf8(), str::len)).sum()
}

/// ASCII that stands for itself, as most names do.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && !b"&<>\"'".contains(byte))
}

/// What is written for a character. `None`: itself.
const fn in_html(sign: char) -> Option<&'static str> {
    match sign {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        // A line break in a name would look like none, and a name that turns the direction of the text would end in
        // what is not its extension.
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => Some("\u{fffd}"),
        sign if is_bidirectional_control(sign) => Some("\u{fffd}"),
        _ => None,
    }
}

/// Whether it has the Unicode property Bidi_Control.
const fn is_bidirectional_control(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page, of the length that was told.
    fn page(path: &RelativePath, after: &[u8], entries: Entries) -> String {
        let listing = Listing::new(path.clone(), after.into(), entries);
        let length = listing.summary.length;
        let pieces: Vec<Vec<u8>> = listing.into_pieces().collect();
        let html = String::from_utf8(pieces.concat()).unwrap();
        assert_eq!(html.len() as u64, length, "{html}");
        html
    }

    fn entry(name: &[u8], length: Option<u64>) -> ListedEntry {
        ListedEntry { name: name.into(), length, modified: 784_111_777 }
    }

    #[test]
    fn lengths_are_known_before_the_page_is_written() {
        let lengths = [None, Some(0), Some(9), Some(10), Some(99), Some(100), Some(u64::MAX)];
        for count in [0, 1, 7, 1000] {
            let names = (0..count).map(|number| match number % 5 {
                0 => format!("{number}.txt").into_bytes(),
                1 => "ü日本\u{202e}\u{85}&<>\"'".into(),
                2 => (b' '..=b'~').filter(|byte| *byte != b'/').collect(),
                3 => (1..=255).filter(|byte| *byte != b'/').collect(),
                _ => b"\xff\xc3\xe2\x80 \xf0\x9f".into(),
            });
            let entries = names.zip(lengths.into_iter().cycle()).map(|(name, length)| entry(&name, length)).collect();
            let html =
                page(&RelativePath::plain(b"a/b\"").unwrap(), b"x", Entries { entries, last: Some(b"&%".into()) });
            assert_eq!(html.matches("<tr><td>").count(), count + 1);
            assert!(html.starts_with("<!doctype html>") && html.ends_with("</body></html>\n"));
        }
    }

    #[test]
    fn digests_differ_where_pages_do() {
        let list = |path: &[u8], after: &[u8], entries, last: Option<&[u8]>| {
            let entries = Entries { entries, last: last.map(Into::into) };
            Listing::new(RelativePath::plain(path).unwrap(), after.into(), entries).summary.digest
        };
        let later = || ListedEntry { modified: 784_111_777 + 60, ..entry(b"x", Some(1)) };
        let digests = [
            list(b"a", b"", vec![entry(b"x", Some(1))], None),
            list(b"b", b"", vec![entry(b"x", Some(1))], None),
            list(b"a", b"b", vec![entry(b"x", Some(1))], None),
            list(b"a", b"", vec![entry(b"x", Some(2))], None),
            list(b"a", b"", vec![entry(b"x", None)], None),
            list(b"a", b"", vec![entry(b"y", Some(1))], None),
            list(b"a", b"", vec![later()], None),
            list(b"a", b"", vec![entry(b"x", Some(1))], Some(b"x")),
            list(b"a", b"", vec![entry(b"x", Some(1)), entry(b"x", Some(1))], None),
            list(b"a", b"", vec![], None),
        ];
        for (number, digest) in digests.iter().enumerate() {
            assert!(!digests[number + 1..].contains(digest), "{number}: {digests:?}");
        }
        assert_eq!(list(b"a", b"", vec![entry(b"x", Some(1))], None), digests[0]);
    }

    #[test]
    fn names_are_data_and_links_lead_to_them() {
        let entries = Entries {
            entries: vec![
                entry(b"<script>\"'&\n", Some(5)),
                entry(b"a b", None),
                entry(b"javascript:alert(1)", Some(0)),
                entry(b"\xff%?#", Some(1)),
            ],
            last: Some(b"x&\"<".into()),
        };
        let html = page(&RelativePath::plain(b"<b>/c").unwrap(), b"", entries);
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
        let html = page(&RelativePath::default(), b"a", Entries::default());
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
