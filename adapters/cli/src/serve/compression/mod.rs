//! What is compressed when it is asked for: texts, and the pages of directories.
//!
//! A text that a client takes as gzip is compressed whole, by threads of its own, and remembered: so its length is known, its
//! bytes are the same each time, and its tag can be strong. Requests for the same file at the same time share the work. A file
//! that changes meanwhile is looked up anew. What is too short or too long, what would have to wait, and what is asked for in
//! parts is sent as it is. Pages of directories are compressed in the same way, and not remembered.
//!
//! | module | what lives there |
//! |---|---|
//! | `gzip` | from bytes to bytes |
//! | `flight` | a compression under way, and who waits for it |
//! | `store` | what was compressed lately, and how much memory all of it takes |

mod flight;
mod gzip;
mod store;

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use core::ops::RangeInclusive;
use core::task::Waker;
use std::os::unix::fs::FileExt as _;
use std::thread;
use std::time::SystemTime;

use wirenut_server::blocking::{Bounds, Pool};
use wirenut_server::has_rested;

use super::entry::OpenFile;
use super::listing::Listing;
use flight::Flights;
pub use flight::{Compressing, Outcome};
pub use store::Compressed;
use store::{Key, Store};

/// The lengths of files that are compressed. Below, a packet more or less is not saved; above, a thread would be busy for
/// too long, and too much memory.
const LENGTHS: RangeInclusive<u64> = 1024..=8 << 20;

/// How many files wait for a thread at most. Those beyond are sent as they are.
const WAITING: usize = 32;

/// How many bytes of a file are read at a time.
const PIECE: usize = 64 * 1024;

/// Compresses files and pages.
pub struct Compressor {
    pool: Pool,
    store: Arc<Store>,
    flights: Flights,
    /// What the tags of compressed files end with.
    variant: Arc<str>,
}

impl Compressor {
    /// One that has compressed nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        Self::with_pool(Pool::new(Bounds { threads, waiting: WAITING, ..Bounds::DEFAULT }))
    }

    pub(super) fn with_pool(pool: Pool) -> Self {
        Self { pool, store: Arc::default(), flights: Flights::default(), variant: gzip::variant().into() }
    }

    /// What tells the tag of a compressed file from that of the file: another one where another version, or another
    /// processor, would compress to other bytes.
    #[must_use]
    pub const fn variant(&self) -> &Arc<str> {
        &self.variant
    }

    /// Whether a file of this type and length is compressed.
    #[must_use]
    pub fn takes(media_type: &str, length: u64) -> bool {
        LENGTHS.contains(&length) && is_text(media_type)
    }

    /// Uses all of its memory until this is dropped, as clients do that do not take what they are sent.
    #[cfg(test)]
    pub(super) fn use_all_memory(&self) -> impl Sized + use<> {
        self.store.reserve(64 << 20).expect("nothing is in use")
    }

    /// The compressed file, if it is remembered.
    #[must_use]
    pub fn find(&self, file: &OpenFile) -> Option<Arc<Compressed>> {
        self.store.find(&Key::of(file))
    }

    /// Has a file compressed, and `waker` woken once that is done, unless the outcome is there at once. `None`: too much is being
    /// compressed already.
    #[must_use]
    pub fn begin(&self, file: &OpenFile, now: SystemTime, waker: &Waker) -> Option<Compressing> {
        let key = Key::of(file);
        // A file that has just changed may change once more and have the same times.
        let is_lasting = has_rested(file.changed, now);
        let begin = || {
            let reserved = self.store.reserve(file.length)?;
            let (file, store) = (file.try_clone().ok()?, Arc::clone(&self.store));
            Compressing::begin(&self.pool, waker, move || {
                // It may be there since the request looked for it.
                if let Some(known) = store.find(&key) {
                    return Some(known);
                }
                let compressed = Arc::new(reserved.hold(compress(&file)?));
                if is_lasting {
                    store.remember(key, &compressed);
                }
                Some(compressed)
            })
        };
        if is_lasting { self.flights.join_or(key, waker, begin) } else { begin() }
    }

    /// The same for the page of a directory.
    #[must_use]
    pub fn begin_page(&self, page: &Arc<Listing>, waker: &Waker) -> Option<Compressing> {
        let length = page.summary.length;
        let reserved = self.store.reserve(length)?;
        let page = Arc::clone(page);
        Compressing::begin(&self.pool, waker, move || {
            let mut pieces = page.into_pieces();
            let bytes =
                gzip::compress(length.try_into().ok()?, |member| pieces.try_for_each(|piece| member.add(&piece)))?;
            Some(Arc::new(reserved.hold(bytes)))
        })
    }
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

/// `None`: it cannot be read, or what was read may be of another time than its tag.
fn compress(file: &OpenFile) -> Option<Vec<u8>> {
    let length = usize::try_from(file.length).ok()?;
    let mut piece = vec![0; PIECE.min(length)];
    let compressed = gzip::compress(length, |member| {
        (0..length).step_by(PIECE).try_for_each(|start| {
            let piece = &mut piece[..PIECE.min(length - start)];
            file.file.read_exact_at(piece, start as u64).ok()?;
            member.add(piece)
        })
    })?;
    (!file.has_changed()).then_some(compressed)
}

/// Whether what is of this type becomes much shorter. Pictures, sounds and archives are compressed already.
fn is_text(media_type: &str) -> bool {
    const TYPES: [&str; 7] = [
        "application/json",
        "application/ld+json",
        "application/manifest+json",
        "application/wasm",
        "application/xhtml+xml",
        "application/xml",
        "image/svg+xml",
    ];
    media_type.starts_with("text/") || TYPES.contains(&media_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::waiting::{Bell, occupy, pool};
    use core::time::Duration;
    use rustix::fs::fstat;
    use std::io::Write as _;

    const LONG_AFTER: Duration = Duration::from_secs(3600);

    fn file(content: &[u8]) -> OpenFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let status = fstat(&file).unwrap();
        OpenFile::new(file, &status)
    }

    /// Writes the same length again, until that shows in the times of the file.
    fn overwrite(file: &OpenFile, byte: u8) {
        let content = vec![byte; file.length as usize];
        while !file.has_changed() {
            file.file.write_all_at(&content, 0).unwrap();
        }
    }

    fn compress(compressor: &Compressor, file: &OpenFile, now: SystemTime) -> Option<Arc<Compressed>> {
        let (bell, waker) = Bell::new();
        let share = compressor.begin(file, now, &waker).unwrap();
        bell.wait_for(1);
        share.outcome().unwrap()
    }

    #[test]
    fn what_rests_is_remembered() {
        let (compressor, content) = (Compressor::new(), b"text ".repeat(1000));
        let (resting, now) = (file(&content), SystemTime::now() + LONG_AFTER);
        assert!(compressor.find(&resting).is_none());
        let first = compress(&compressor, &resting, now).unwrap();
        assert!(Arc::ptr_eq(&first, &compressor.find(&resting).unwrap()));
        let fresh = file(&content);
        assert!(compressor.find(&fresh).is_none(), "another file");
        let second = compress(&compressor, &fresh, SystemTime::now()).unwrap();
        assert!(compressor.find(&fresh).is_none(), "it has changed just now");
        assert_eq!(first.bytes(), second.bytes(), "the same each time");
    }

    #[test]
    fn a_file_that_has_changed_is_not_taken_for_what_it_was() {
        let (compressor, content) = (Compressor::new(), b"text ".repeat(1000));
        let (changed, now) = (file(&content), SystemTime::now() + LONG_AFTER);
        overwrite(&changed, b'x');
        assert!(compress(&compressor, &changed, now).is_none(), "the tag is of the old content");
        assert!(compressor.find(&changed).is_none());
        let cut = file(&content);
        cut.file.set_len(4000).unwrap();
        assert!(compress(&compressor, &cut, now).is_none());
        let grown = file(&content);
        grown.file.set_len(6000).unwrap();
        assert!(compress(&compressor, &grown, now).is_none());
        let reserved = compressor.store.reserve(64 << 20);
        assert!(reserved.is_some(), "nothing is in use");
    }

    /// As many as the pool has threads would each compress it, and the others would be sent it as it is.
    #[test]
    fn first_requests_for_one_file_share_the_work() {
        let compressor = Compressor::with_pool(pool(1, 1));
        let (file, now) = (file(&b"text ".repeat(1000)), SystemTime::now() + LONG_AFTER);
        let occupied = occupy(&compressor.pool);
        let (bell, waker) = Bell::new();
        let shares: Vec<_> = (0..100).map(|_| compressor.begin(&file, now, &waker).unwrap()).collect();
        drop(occupied);
        bell.wait_for(100);
        let outcomes: Vec<_> = shares.iter().map(|share| share.outcome().unwrap().unwrap()).collect();
        assert!(outcomes.iter().all(|outcome| Arc::ptr_eq(outcome, &outcomes[0])));
    }

    /// It is compressed for each request, as it may change without a sign; so the pool and the memory are the bounds.
    #[test]
    fn a_file_that_changes_all_the_time_is_bounded_work() {
        for (length, waiting, begun) in [(5_000, 3, 3), (8 << 20, 100, 8)] {
            let compressor = Compressor::with_pool(pool(1, waiting));
            let (fresh, now) = (file(&vec![b'x'; length]), SystemTime::now());
            let occupied = occupy(&compressor.pool);
            let shares: Vec<_> = (0..100).filter_map(|_| compressor.begin(&fresh, now, Waker::noop())).collect();
            assert_eq!(shares.len(), begun, "the others are sent it as it is");
            drop((shares, occupied));
            assert_eq!(compressor.store.used(), 0);
        }
    }

    #[test]
    fn texts_of_some_length_are_compressed() {
        for (media_type, length, expected) in [
            ("text/plain; charset=utf-8", 1024, true),
            ("text/plain; charset=utf-8", 1023, false),
            ("text/html; charset=utf-8", 8 << 20, true),
            ("text/html; charset=utf-8", (8 << 20) + 1, false),
            ("image/svg+xml", 5000, true),
            ("image/png", 5000, false),
            ("application/octet-stream", 5000, false),
        ] {
            assert_eq!(Compressor::takes(media_type, length), expected, "{media_type}, {length}");
        }
    }
}
