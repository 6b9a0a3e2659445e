//! What stands behind a path: a file or a form of it that is compressed already, a page in its place, a redirect.

use alloc::sync::Arc;
use std::time::{Instant, SystemTime};

use wirenut::http::{AcceptEncoding, Fields};

use super::compression::Compressed;
use super::content_type;
use super::directory::Directory;
use super::entry::{Entry, OpenError, OpenFile};
use super::listing::{Listing, Summary, View};
use super::path::RelativePath;
use super::policy::Policy;
use super::root::Root;
use super::summaries::Summaries;
use super::upload::RESERVED;

/// A content coding that files may lie ready in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `br`
    Brotli,
    /// `zstd`
    Zstandard,
    /// `gzip`
    Gzip,
}

impl Coding {
    /// From the one that makes files smallest to the one that makes them largest.
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstandard, Self::Gzip];

    /// As Content-Encoding calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstandard => "zstd",
            Self::Gzip => "gzip",
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstandard => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// Whether a client takes gzip, and no less than the file itself.
    #[must_use]
    pub fn takes_gzip(fields: Fields<'_>) -> bool {
        let accepted = AcceptEncoding::of(fields);
        accepted.weight("gzip") >= accepted.weight("identity").max(1)
    }

    /// Those that a client would rather have than the file itself, the best first.
    #[must_use]
    pub fn wanted(fields: Fields<'_>) -> [Option<Self>; 3] {
        let accepted = AcceptEncoding::of(fields);
        let identity = accepted.weight("identity");
        let weight = |coding: Self| accepted.weight(coding.name());
        let mut wanted = Self::ALL.map(|coding| Some(coding).filter(|_| weight(coding) >= identity.max(1)));
        wanted.sort_by_key(|coding| core::cmp::Reverse(coding.map_or(0, weight)));
        wanted
    }
}

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where it is.
    pub path: RelativePath,
    /// What follows the path.
    pub query: Option<Box<[u8]>>,
    /// See [`Coding::wanted`].
    pub codings: [Option<Coding>; 3],
    /// Of a listing, no more may be needed than what a tag and a length are made of.
    pub is_summary_enough: bool,
}

/// What is there.
#[derive(Debug)]
pub enum Found {
    /// A file.
    File(FoundFile),
    /// A directory that was asked for without its slash.
    Redirect,
    /// A page that shows what is in a directory.
    Listing(FoundListing),
}

/// A file, and what is said of it.
#[derive(Debug)]
pub struct FoundFile {
    /// What is sent.
    pub file: OpenFile,
    /// What it would be without the coding.
    pub media_type: &'static str,
    /// How it lies ready, or is compressed.
    pub coding: Option<Coding>,
    /// It is compressed here.
    pub compressed: Option<Form>,
    /// The Cache-Control.
    pub cache: Option<Box<str>>,
    /// Nobody may send it otherwise than as it is.
    pub is_fixed: bool,
    /// It stands for something that is missing.
    pub is_error_page: bool,
}

/// The page of a directory, and what is known of it.
#[derive(Debug)]
pub struct FoundListing {
    /// What is known of the page without its coding.
    pub summary: Summary,
    /// The page; only where more than that is needed.
    pub page: Option<Arc<Listing>>,
    /// It is compressed here.
    pub compressed: Option<Form>,
}

/// The form of a file, or of a page, that is compressed here.
#[derive(Clone, Debug)]
pub struct Form {
    /// What its tag ends with.
    pub variant: Arc<str>,
    /// What is sent; only where that is known to be needed.
    pub content: Option<Arc<Compressed>>,
}

impl FoundFile {
    /// How long it is as it is sent. `None`: only its compression would tell.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match &self.compressed {
            None => Some(self.file.length),
            Some(form) => form.length(),
        }
    }
}

impl FoundListing {
    /// As [`FoundFile::length`].
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.compressed.as_ref().map_or(Some(self.summary.length), Form::length)
    }
}

impl Form {
    fn length(&self) -> Option<u64> {
        self.content.as_ref().map(|content| content.bytes().len() as u64)
    }
}

/// Whether disks may be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocking {
    /// On the server's thread.
    Forbidden,
    /// On a thread of the pool.
    Allowed,
}

/// Finds what stands behind a path.
#[derive(Debug)]
pub struct Finder {
    /// Where it looks.
    pub root: Root,
    /// What the user decided.
    pub policy: Policy,
    summaries: Summaries,
}

impl Finder {
    /// Looks in this directory, as the user decided.
    #[must_use]
    pub fn new(root: Root, policy: Policy) -> Self {
        Self { root, policy, summaries: Summaries::default() }
    }

    /// Finds what is wanted. `None`: only where blocking is allowed.
    ///
    /// # Errors
    ///
    /// Why nothing is sent: [`OpenError`].
    #[must_use]
    pub fn find(&self, wanted: &Wanted, blocking: Blocking) -> Option<Result<Found, OpenError>> {
        match self.root.directory(blocking)? {
            Ok(directory) => Search { directory: &directory, finder: self, blocking }.find(wanted),
            Err(error) => Some(Err(error)),
        }
    }
}

/// One search, all of it in the same directory.
struct Search<'f> {
    directory: &'f Directory,
    finder: &'f Finder,
    blocking: Blocking,
}

impl Search<'_> {
    fn find(&self, wanted: &Wanted) -> Option<Result<Found, OpenError>> {
        match self.find_itself(wanted)? {
            Err(error) if error.is_absence() => self.find_substitute(wanted, error),
            found => Some(found),
        }
    }

    fn find_itself(&self, wanted: &Wanted) -> Option<Result<Found, OpenError>> {
        let path = &wanted.path;
        let is_reserved =
            || path.as_bytes().split(|byte| *byte == b'/').any(|name| name.starts_with(RESERVED.as_bytes()));
        if path.is_hidden() && (!self.finder.policy.shows_hidden || is_reserved()) {
            return Some(Err(OpenError::NotFound));
        }
        if path.is_directory() {
            return self.find_page(wanted);
        }
        match self.look_up(path)? {
            Ok(Entry::File(file)) => self.file(path, file, wanted).map(Ok),
            Ok(Entry::Directory) => Some(Ok(Found::Redirect)),
            Err(error) => Some(Err(error)),
        }
    }

    /// The page that stands for a directory, or one that shows what is in it.
    fn find_page(&self, wanted: &Wanted) -> Option<Result<Found, OpenError>> {
        let page = wanted.path.join(self.finder.policy.index.as_bytes());
        match self.look_up(&page)? {
            Ok(Entry::File(file)) => return self.file(&page, file, wanted).map(Ok),
            Ok(Entry::Directory) | Err(OpenError::NotFound) => {}
            Err(error) => return Some(Err(error)),
        }
        if !self.finder.policy.lists || self.finder.policy.fallback.is_some() {
            return Some(Err(OpenError::NotFound));
        }
        if self.blocking == Blocking::Forbidden {
            return None;
        }
        Some(self.list(wanted))
    }

    fn list(&self, wanted: &Wanted) -> Result<Found, OpenError> {
        let view = View::of(wanted.query.as_deref());
        let (path, summaries) = (wanted.path.as_bytes(), &self.finder.summaries);
        let readable = self.directory.open_to_read(&wanted.path)?;
        let (stamp, now) = (readable.stamp()?, Instant::now());
        if wanted.is_summary_enough
            && let Some(summary) = summaries.find(path, view, &stamp, now)
        {
            return Ok(Found::Listing(FoundListing { summary, page: None, compressed: None }));
        }
        let shows_hidden = self.finder.policy.shows_hidden;
        let is_shown =
            |name: &[u8]| !name.starts_with(b".") || (shows_hidden && !name.starts_with(RESERVED.as_bytes()));
        let entries = readable.list(view, is_shown)?;
        // Nothing is written beneath hidden names.
        let has_form = self.finder.policy.takes_uploads && (shows_hidden || !wanted.path.has_dot_segment());
        let listing = Listing::new(wanted.path.clone(), entries, has_form);
        let summary = listing.summary;
        summaries.remember(path, view, stamp, summary, (now, SystemTime::now()));
        Ok(Found::Listing(FoundListing { summary, page: Some(Arc::new(listing)), compressed: None }))
    }

    /// What is sent where nothing is found.
    fn find_substitute(&self, wanted: &Wanted, error: OpenError) -> Option<Result<Found, OpenError>> {
        // What has an extension is no place in an application: who asks for a script must not get a page.
        let is_place = wanted.path.is_directory() || !wanted.path.name().contains(&b'.');
        if let Some(page) = self.finder.policy.fallback.as_ref().filter(|_| is_place)
            && let Ok(Entry::File(file)) = self.look_up(page)?
        {
            return self.file(page, file, wanted).map(Ok);
        }
        if let Some(page) = &self.finder.policy.error_page
            && let Ok(Entry::File(file)) = self.look_up(page)?
        {
            let media_type = content_type::of(page.as_path());
            let found = FoundFile {
                file,
                media_type,
                coding: None,
                compressed: None,
                cache: None,
                is_fixed: true,
                is_error_page: true,
            };
            return Some(Ok(Found::File(found)));
        }
        Some(Err(error))
    }

    /// The file, or the form of it that is wanted most.
    fn file(&self, path: &RelativePath, file: OpenFile, wanted: &Wanted) -> Option<Found> {
        let media_type = content_type::of(path.as_path());
        let policy = &self.finder.policy;
        let cache = policy.cache_control(path).map(Into::into);
        let is_fixed = policy.forbids_transformation(path);
        let mut found =
            FoundFile { file, media_type, coding: None, compressed: None, cache, is_fixed, is_error_page: false };
        for coding in wanted.codings.into_iter().flatten() {
            if let Ok(Entry::File(file)) = self.look_up(&path.with_suffix(coding.suffix()))?
                // It was made of what the file was before.
                && !file.is_older_than(&found.file)
            {
                (found.file, found.coding) = (file, Some(coding));
                break;
            }
        }
        Some(Found::File(found))
    }

    fn look_up(&self, path: &RelativePath) -> Option<Result<Entry, OpenError>> {
        match self.blocking {
            Blocking::Forbidden => self.directory.look_up_cached(path),
            Blocking::Allowed => Some(self.directory.look_up(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_in_the_order_in_which_they_are_wanted() {
        for (value, expected) in [
            ("", &[][..]),
            ("gzip", &["gzip"]),
            ("gzip, br, zstd", &["br", "zstd", "gzip"]),
            ("gzip;q=1, br;q=0.9", &["gzip", "br"]),
            ("*", &["br", "zstd", "gzip"]),
            ("identity, gzip;q=0.5", &[]),
            ("identity;q=0.5, gzip;q=0.5, br;q=0.4", &["gzip"]),
            ("gzip;q=0", &[]),
            ("identity;q=0", &[]),
        ] {
            let line = format!("Accept-Encoding: {value}\r\n");
            let wanted = Coding::wanted(Fields::parse(line.as_bytes()).unwrap());
            let names: Vec<_> = wanted.into_iter().flatten().map(Coding::name).collect();
            assert_eq!(names, expected, "{value}");
            let takes_gzip = Coding::takes_gzip(Fields::parse(line.as_bytes()).unwrap());
            assert_eq!(takes_gzip, expected.contains(&"gzip"), "{value}");
        }
    }

    #[test]
    fn who_needs_no_page_makes_no_directory_be_read_twice() {
        let tree = tempfile::tempdir().unwrap();
        std::fs::write(tree.path().join("file"), "").unwrap();
        let finder = Finder::new(Root::open(tree.path()).unwrap(), Policy::default());
        let path = RelativePath::parse(b"/").unwrap();
        let find = |is_summary_enough| {
            let wanted = Wanted { path: path.clone(), is_summary_enough, ..Wanted::default() };
            match finder.find(&wanted, Blocking::Allowed) {
                Some(Ok(Found::Listing(listing))) => (listing.summary, listing.page.is_some()),
                other => panic!("{other:?}"),
            }
        };
        assert!(find(true).1 && find(true).1, "it has changed just now");
        // Longer than times of files are coarse.
        std::thread::sleep(core::time::Duration::from_millis(2100));
        let (summary, was_read) = find(true);
        assert!(was_read);
        assert_eq!(find(true), (summary, false));
        assert_eq!(find(false), (summary, true), "a page is read for each who wants it");
        std::fs::write(tree.path().join("other"), "").unwrap();
        assert_ne!(find(true).0, summary);
    }
}
