//! The page that shows what is in a directory.

mod natural;
mod paging;
mod row;
mod view;

pub use paging::{Entries, PAGE, Totals, select};
pub use view::{Key, Order, View};

use alloc::sync::Arc;
use core::fmt::{self, Write};
use core::hash::{Hash, Hasher as _};
use std::hash::DefaultHasher;

use super::html::{self, escape, put};
use super::path::RelativePath;
use row::{counted, row, size};

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
    entries: Entries,
    /// There is a form by which files are uploaded.
    has_form: bool,
    /// What is known of the page.
    pub summary: Summary,
}

impl Listing {
    /// The page for these entries of this directory, with or without a form for uploads.
    #[must_use]
    pub fn new(path: RelativePath, entries: Entries, has_form: bool) -> Self {
        let mut listing = Self { path, entries, has_form, summary: Summary { length: 0, digest: 0 } };
        let mut length = Length(0);
        listing.top(&mut length);
        listing.entries.entries.iter().for_each(|entry| row(entry, &mut length));
        listing.bottom(&mut length);
        listing.summary = Summary { length: length.0, digest: listing.digest() };
        listing
    }

    /// The page, in pieces of some kilobytes.
    #[must_use]
    pub const fn into_pieces(self: Arc<Self>) -> Pieces {
        Pieces { listing: self, next: 0, is_over: false }
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // Another version may write another page of the same.
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        let Entries { entries, totals, view, pages } = &self.entries;
        (self.path.as_bytes(), totals, view, pages, self.has_form).hash(&mut hasher);
        for entry in entries {
            // Pages show minutes.
            (&entry.name, entry.length, entry.modified / 60).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn top(&self, page: &mut impl Write) {
        let mut title = String::from("/");
        escape(self.path.as_bytes(), &mut title);
        if title.len() > 1 {
            title.push('/');
        }
        html::top(&title, page);
        put(page, format_args!("<h1>"));
        self.trail(page);
        put(page, format_args!("</h1>\n<p class=\"quiet\">"));
        self.totals(page);
        put(page, format_args!("</p>\n"));
        if self.has_form {
            put(page, format_args!("{FORM}"));
        }
        put(page, format_args!("<table>\n<thead><tr>"));
        for (key, name) in [(Key::Name, "Name"), (Key::Size, "Size"), (Key::Date, "Changed (UTC)")] {
            self.column(key, name, page);
        }
        put(page, format_args!("</tr></thead>\n<tbody>\n"));
        if !self.path.as_bytes().is_empty() {
            put(
                page,
                format_args!(
                    "<tr><th scope=\"row\"><a class=\"up\" href=\"../\">Parent directory</a></th><td></td><td></td></tr>\n"
                ),
            );
        }
    }

    /// The path, with a link to each directory above.
    fn trail(&self, page: &mut impl Write) {
        let mut segments = self.path.as_bytes().split(|byte| *byte == b'/').filter(|segment| !segment.is_empty());
        let mut above = segments.clone().count();
        let mut current: &[u8] = b"";
        loop {
            if above == 0 {
                escape(current, page);
                return put(page, format_args!("/"));
            }
            put(page, format_args!("<a href=\""));
            (0..above).for_each(|_| put(page, format_args!("../")));
            put(page, format_args!("\">"));
            escape(current, page);
            put(page, format_args!("/</a><wbr>"));
            above -= 1;
            current = segments.next().unwrap_or_default();
        }
    }

    fn totals(&self, page: &mut impl Write) {
        let Totals { directories, files, bytes } = self.entries.totals;
        let parts = [
            (directories > 0).then(|| counted(directories, "directory", "directories")),
            (files > 0).then(|| format!("{}, {}", counted(files, "file", "files"), size(bytes))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let text = if parts.is_empty() { "Nothing is in this directory".into() } else { parts.join(", ") };
        put(page, format_args!("{text}"));
        let Entries { view, pages, .. } = self.entries;
        if pages > 1 {
            put(page, format_args!(". Page {} of {pages}", view.page));
        }
    }

    /// The head of a column: its name, as a link that sorts by it.
    fn column(&self, key: Key, name: &str, page: &mut impl Write) {
        let view = self.entries.view;
        let state = match view.order {
            Order { key: sorted, is_descending: false } if sorted == key => " aria-sort=\"ascending\"",
            Order { key: sorted, is_descending: true } if sorted == key => " aria-sort=\"descending\"",
            Order { .. } => "",
        };
        put(page, format_args!("<th scope=\"col\"{state}><a href=\"{}\">{name}</a></th>", view.sorted_by(key)));
    }

    fn bottom(&self, page: &mut impl Write) {
        put(page, format_args!("</tbody></table>\n"));
        if self.entries.pages > 1 {
            self.page_links(page);
        }
        put(page, format_args!("{}", html::BOTTOM));
    }

    fn page_links(&self, page: &mut impl Write) {
        let Entries { view, pages, .. } = self.entries;
        put(page, format_args!("<nav class=\"pages\" aria-label=\"Pages\">"));
        let mut link = |target, rel, name| {
            put(page, format_args!("<a href=\"{}\"{rel}>{name}</a> ", view.at(target)));
        };
        if view.page > 1 {
            link(1, "", "First");
            link(view.page - 1, " rel=\"prev\"", "Previous");
        }
        if view.page < pages {
            link(view.page + 1, " rel=\"next\"", "Next");
            link(pages, "", "Last");
        }
        put(page, format_args!("</nav>\n"));
    }
}

/// It needs no script. The field that says that files may be replaced comes before them, as the server has to know it then.
const FORM: &str = "<form class=\"upload\" method=\"post\" action=\"./\" enctype=\"multipart/form-data\">\
     <label class=\"replace\"><input type=\"checkbox\" name=\"replace\" value=\"1\"> Replace files of the same name</label>\
     <label class=\"choose\">Upload files <input type=\"file\" name=\"file\" multiple required></label>\
     <button>Upload</button></form>\n";

/// How much would be written.
struct Length(u64);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len() as u64;
        Ok(())
    }
}

/// How long a piece is at least, but for the last one.
const PIECE: usize = 16 * 1024;

/// The page in pieces, each of which is written when it is asked for. Together they have [`Summary::length`].
#[derive(Debug)]
pub struct Pieces {
    listing: Arc<Listing>,
    next: usize,
    is_over: bool,
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.is_over {
            return None;
        }
        let mut html = String::with_capacity(PIECE + 1024);
        if self.next == 0 {
            self.listing.top(&mut html);
        }
        while let Some(entry) = self.listing.entries.entries.get(self.next) {
            row(entry, &mut html);
            self.next += 1;
            if html.len() >= PIECE {
                return Some(html.into_bytes());
            }
        }
        self.is_over = true;
        self.listing.bottom(&mut html);
        Some(html.into_bytes())
    }
}

#[cfg(test)]
mod tests;
