//! Files that are compressed when they are asked for.
//!
//! A text that a client takes as gzip is compressed whole, by threads of its own, and remembered: so its length is known, its
//! bytes are the same each time, and its tag can be strong. What is too short or too long, what would have to wait, and what
//! is asked for in parts is sent as it is.
//!
//! | module | what lives there |
//! |---|---|
//! | `gzip` | from bytes to bytes |
//! | `store` | what was compressed lately, and how much memory all of it takes |

mod gzip;
mod store;

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use core::ops::RangeInclusive;
use core::task::Waker;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::thread;
use std::time::SystemTime;

use wirenut_server::blocking::{Bounds, Job, Pool};
use wirenut_server::has_rested;

use super::entry::OpenFile;
pub use store::Compressed;
use store::{Key, Store};

/// The lengths of files that are compressed. Below, a packet more or less is not saved; above, a thread would be busy for
/// too long, and too much memory.
const LENGTHS: RangeInclusive<u64> = 1024..=8 << 20;

/// How many files wait for a thread at most. Those beyond are sent as they are.
const WAITING: usize = 32;

/// Compresses files.
pub struct Compressor {
    pool: Pool,
    store: Arc<Store>,
    /// What the tags of compressed files end with.
    variant: Arc<str>,
}

/// A file that is being compressed. `None` comes of one that became shorter meanwhile, or cannot be read.
pub type Compressing = Job<Option<Arc<Compressed>>>;

impl Compressor {
    /// One that has compressed nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        Self {
            pool: Pool::new(Bounds { threads, waiting: WAITING, ..Bounds::DEFAULT }),
            store: Arc::default(),
            variant: gzip::variant().into(),
        }
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

    /// The compressed file, if it is remembered.
    #[must_use]
    pub fn find(&self, file: &OpenFile) -> Option<Arc<Compressed>> {
        self.store.find(&Key::of(file))
    }

    /// Has a file be compressed, and `waker` woken once that is done. `None`: too much is being compressed already.
    #[must_use]
    pub fn begin(&self, file: &OpenFile, waker: &Waker) -> Option<Compressing> {
        let reserved = self.store.reserve(file.length)?;
        let copy = file.file.try_clone().ok()?;
        let (key, length, store) = (Key::of(file), file.length, Arc::clone(&self.store));
        // A file that has just changed may change once more and have the same times.
        let is_lasting = has_rested(file.changed, SystemTime::now());
        let compress = move || {
            // Another request may have been faster.
            if let Some(known) = store.find(&key) {
                return Some(known);
            }
            let compressed = Arc::new(reserved.hold(gzip::compress(&read(&copy, length)?)?));
            if is_lasting {
                store.remember(key, &compressed);
            }
            Some(compressed)
        };
        self.pool.spawn(waker, compress).ok()
    }
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

/// All of a file, if it is as long as it was.
fn read(file: &File, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut bytes, 0).ok()?;
    Some(bytes)
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
    use crate::serve::waiting::Bell;
    use core::time::Duration;
    use std::io::Write as _;
    use std::time::UNIX_EPOCH;

    fn file(content: &[u8], changed: SystemTime) -> OpenFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        OpenFile { file, length: content.len() as u64, modified: None, changed, identity: (1, 2) }
    }

    fn compress(compressor: &Compressor, file: &OpenFile) -> Option<Arc<Compressed>> {
        let (bell, waker) = Bell::new();
        let mut job = compressor.begin(file, &waker).unwrap();
        bell.wait_for(1);
        job.take().unwrap().unwrap()
    }

    #[test]
    fn what_rests_is_remembered() {
        let (compressor, content) = (Compressor::new(), b"text ".repeat(1000));
        let resting = file(&content, UNIX_EPOCH + Duration::from_secs(1));
        assert!(compressor.find(&resting).is_none());
        let first = compress(&compressor, &resting).unwrap();
        assert!(Arc::ptr_eq(&first, &compressor.find(&resting).unwrap()));
        let changed = file(&content, UNIX_EPOCH + Duration::from_secs(2));
        assert!(compressor.find(&changed).is_none(), "it has changed");
        let fresh = file(&content, SystemTime::now());
        let second = compress(&compressor, &fresh).unwrap();
        assert!(compressor.find(&fresh).is_none());
        assert_eq!(first.bytes(), second.bytes(), "the same each time");
        let cut = OpenFile { length: 10_000, ..file(&content, SystemTime::now()) };
        assert!(compress(&compressor, &cut).is_none());
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
