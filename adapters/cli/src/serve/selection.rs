//! Which part of a file is sent, if any: what its validators, and the conditions and ranges of a request come to.

use core::fmt::Write;
use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::hash::RandomState;
use std::time::SystemTime;

use wirenut::http::{ByteRange, EntityTag, Fields, HttpDate, Method, Precondition, Ranges, Validators};

use super::find::FoundFile;

/// How many parts are sent at most of one file: more are asked for only by who means no good.
const MAX_PARTS: usize = 16;

/// Changes that are nearer to each other than this may have the same time. Two seconds: no file system is coarser (FAT).
const COARSEST: Duration = Duration::from_secs(2);

/// Whether what changed then would have another time, had it changed again.
#[must_use]
pub fn has_rested(since: SystemTime, now: SystemTime) -> bool {
    since.checked_add(COARSEST).is_some_and(|until| until < now)
}

/// The validators of a file, as text.
#[derive(Debug)]
pub struct Tags {
    /// The value of ETag.
    ///
    /// It is made of the length, the time of the last change of the content, and that of any change. The last one nobody can
    /// set: so also a file that came with the time of the one it replaces, as out of archives and reproducible builds, has
    /// a tag of its own. That makes it strong, once the file has rested for longer than the times are coarse; until then a
    /// second change may have the same times, and it is weak. The number of the file (inode) would add nothing: to put
    /// another file in the place of this one changes that file's time.
    pub entity_tag: String,
    /// Last-Modified, in seconds since 1970: never later than now (RFC 9110 §8.8.2.1).
    pub last_modified: Option<u64>,
    is_date_strong: bool,
}

impl Tags {
    /// Those of a file at this time.
    #[must_use]
    pub fn of(found: &FoundFile, now: SystemTime) -> Self {
        let nanoseconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => since.as_nanos(),
            Err(before) => before.duration().as_nanos(),
        };
        let file = &found.file;
        let modified = file.modified.unwrap_or(file.changed);
        let is_strong = has_rested(file.changed, now);
        let mut entity_tag = String::with_capacity(64);
        // A `String` takes anything.
        let _ = write!(
            entity_tag,
            "{}\"{:x}-{:x}-{:x}",
            if is_strong { "" } else { "W/" },
            file.length,
            nanoseconds(modified),
            nanoseconds(file.changed)
        );
        if let Some(coding) = found.coding {
            let _ = write!(entity_tag, "-{}", coding.name());
        }
        entity_tag.push('"');
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            entity_tag,
            last_modified: file.modified.map(|modified| seconds(modified.min(now))),
            is_date_strong: is_strong && has_rested(modified, now),
        }
    }

    fn validators(&self) -> Validators<'_> {
        Validators {
            entity_tag: EntityTag::parse(self.entity_tag.as_bytes()),
            last_modified: self.last_modified,
            is_date_strong: self.is_date_strong,
        }
    }

    /// The value of Last-Modified.
    #[must_use]
    pub fn date(&self) -> Option<HttpDate> {
        self.last_modified.map(HttpDate::from_unix)
    }
}

/// What is sent of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of it.
    Whole,
    /// 206
    Part(ByteRange),
    /// 206, in several parts.
    Parts(Vec<ByteRange>),
    /// 304
    NotModified,
    /// 412
    PreconditionFailed,
    /// 416
    Unsatisfiable,
}

/// What is sent of a file of this length to who asks with these fields.
#[must_use]
pub fn select(tags: &Tags, length: u64, method: Method<'_>, fields: Fields<'_>) -> Selection {
    if fields.is_empty() {
        return Selection::Whole;
    }
    let validators = tags.validators();
    match validators.check(method, fields) {
        Precondition::NotModified => return Selection::NotModified,
        Precondition::Failed => return Selection::PreconditionFailed,
        Precondition::Holds => {}
    }
    let mut ranges = fields.get_all("Range");
    // For no other method ranges are defined (RFC 9110 §14.2): HEAD tells of the whole.
    let (Method::Get, Some(range), None) = (method, ranges.next(), ranges.next()) else { return Selection::Whole };
    if !validators.allow_range(fields) {
        return Selection::Whole;
    }
    let mut room = [ByteRange::default(); MAX_PARTS];
    match Ranges::select(range, length, &mut room) {
        Ranges::Whole => Selection::Whole,
        Ranges::Unsatisfiable => Selection::Unsatisfiable,
        Ranges::Parts([part]) => Selection::Part(*part),
        Ranges::Parts(parts) => Selection::Parts(parts.to_vec()),
    }
}

/// Whether a field has a say in [`select`].
#[must_use]
pub fn is_condition(name: &[u8]) -> bool {
    const NAMES: [&str; 6] =
        ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"];
    matches!(name, [b'i' | b'I', ..] | [b'r' | b'R', ..])
        && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// The value of Content-Range for a part.
#[must_use]
pub fn content_range(part: ByteRange, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.first, part.last)
}

/// What stands around the parts of `multipart/byteranges` (RFC 9110 §14.6).
#[derive(Debug, PartialEq, Eq)]
pub struct Multipart {
    /// The value of Content-Type.
    pub media_type: String,
    /// What stands before each part, and at last what stands behind all.
    pub delimiters: Vec<String>,
    /// Of the whole body.
    pub length: u64,
}

impl Multipart {
    /// Of these parts of something of this type and length.
    #[must_use]
    pub fn new(parts: &[ByteRange], media_type: &str, length: u64) -> Self {
        // Not to be foreseen by who writes files, so that no file has it in it.
        let random = || RandomState::new().build_hasher().finish();
        let boundary = format!("{:016x}{:016x}", random(), random());
        let mut delimiters: Vec<String> = parts
            .iter()
            .map(|part| {
                let range = content_range(*part, length);
                format!("\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {range}\r\n\r\n")
            })
            .collect();
        delimiters.push(format!("\r\n--{boundary}--\r\n"));
        let around: usize = delimiters.iter().map(String::len).sum();
        let length = parts.iter().map(|part| part.length()).sum::<u64>() + around as u64;
        Self { media_type: format!("multipart/byteranges; boundary={boundary}"), delimiters, length }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::OpenFile;
    use super::*;

    fn found(modified: SystemTime, changed: SystemTime) -> FoundFile {
        let file = tempfile::tempfile().unwrap();
        let file = OpenFile { file, length: 255, modified: Some(modified), changed };
        FoundFile { file, media_type: "text/plain", coding: None, cache: None, is_error_page: false }
    }

    #[test]
    fn tags_are_strong_once_the_file_has_rested() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (modified, changed, tag, last_modified, is_date_strong) in [
            (at(16), at(16), "\"ff-3b9aca000-3b9aca000\"", 16, true),
            (at(1), at(16), "\"ff-3b9aca00-3b9aca000\"", 1, true),
            (at(999), at(999), "W/\"ff-e8990a4600-e8990a4600\"", 999, false),
            (at(16), at(998), "W/\"ff-3b9aca000-e85d6f7c00\"", 16, false),
            // The time was set to one that is to come.
            (at(2000), at(16), "\"ff-1d1a94a2000-3b9aca000\"", 1000, false),
        ] {
            let tags = Tags::of(&found(modified, changed), now);
            let got = (tags.entity_tag.as_str(), tags.last_modified, tags.is_date_strong);
            assert_eq!(got, (tag, Some(last_modified), is_date_strong));
            assert!(EntityTag::parse(tag.as_bytes()).is_some());
        }
        let mut compressed = found(at(16), at(16));
        compressed.coding = Some(super::super::find::Coding::Gzip);
        assert_eq!(Tags::of(&compressed, now).entity_tag, "\"ff-3b9aca000-3b9aca000-gzip\"");
    }

    #[test]
    fn conditions_come_before_ranges_and_ranges_are_of_get() {
        let tags = Tags { entity_tag: "\"a\"".into(), last_modified: Some(784_111_777), is_date_strong: true };
        let part = |first, last| ByteRange { first, last };
        for (lines, get, head) in [
            ("", Selection::Whole, Selection::Whole),
            ("Range: bytes=1-2\r\n", Selection::Part(part(1, 2)), Selection::Whole),
            ("Range: bytes=1-2,5-\r\n", Selection::Parts(vec![part(1, 2), part(5, 9)]), Selection::Whole),
            ("Range: bytes=10-\r\n", Selection::Unsatisfiable, Selection::Whole),
            ("Range: bytes=1-2\r\nRange: bytes=5-\r\n", Selection::Whole, Selection::Whole),
            ("Range: bytes=1-2\r\nIf-Range: \"b\"\r\n", Selection::Whole, Selection::Whole),
            ("Range: bytes=1-2\r\nIf-Range: \"a\"\r\n", Selection::Part(part(1, 2)), Selection::Whole),
            ("Range: bytes=10-\r\nIf-None-Match: \"a\"\r\n", Selection::NotModified, Selection::NotModified),
            ("Range: bytes=10-\r\nIf-Match: \"b\"\r\n", Selection::PreconditionFailed, Selection::PreconditionFailed),
        ] {
            let fields = Fields::parse(lines.as_bytes()).unwrap();
            assert_eq!(select(&tags, 10, Method::Get, fields), get, "{lines:?}");
            assert_eq!(select(&tags, 10, Method::Head, fields), head, "{lines:?}");
        }
        let many = format!("Range: bytes={}\r\n", "1-1,3-3,5-5,7-7,9-9,".repeat(200));
        assert_eq!(select(&tags, 10, Method::Get, Fields::parse(many.as_bytes()).unwrap()), Selection::Whole);
    }
}
