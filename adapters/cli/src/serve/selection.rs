//! Which part of a file is sent, if any: what its validators, and the conditions and ranges of a request come to.

use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;
use std::time::SystemTime;

use wirenut::http::{ByteRange, Fields, Method, Precondition, Ranges, Validators};
use wirenut_server::FileValidators;

use super::find::{Coding, FoundFile};

/// How many parts are sent at most of one file: more are asked for only by who means no good.
const MAX_PARTS: usize = 16;

/// The validators of a file, as text.
#[must_use]
pub fn validators(found: &FoundFile, now: SystemTime) -> FileValidators {
    let file = &found.file;
    let coding = found.coding.map_or("", Coding::name);
    let variant = found.compressed.as_ref().map_or(coding, |form| &form.variant);
    FileValidators::new(file.length, file.modified, file.changed, variant, now)
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
pub fn select(validators: &Validators<'_>, length: u64, method: Method<'_>, fields: Fields<'_>) -> Selection {
    if fields.is_empty() {
        return Selection::Whole;
    }
    match validators.check(method, fields) {
        Precondition::NotModified => return Selection::NotModified,
        Precondition::Failed => return Selection::PreconditionFailed,
        Precondition::Holds => {}
    }
    let mut room = [ByteRange::default(); MAX_PARTS];
    match validators.select_ranges(method, fields, length, &mut room) {
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
    use super::*;
    use wirenut::http::EntityTag;

    #[test]
    fn conditions_come_before_ranges_and_ranges_are_of_get() {
        let entity_tag = EntityTag::parse(b"\"a\"");
        let validators = Validators { entity_tag, last_modified: Some(784_111_777), is_date_strong: true };
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
            assert_eq!(select(&validators, 10, Method::Get, fields), get, "{lines:?}");
            assert_eq!(select(&validators, 10, Method::Head, fields), head, "{lines:?}");
        }
        let many = format!("Range: bytes={}\r\n", "1-1,3-3,5-5,7-7,9-9,".repeat(200));
        assert_eq!(select(&validators, 10, Method::Get, Fields::parse(many.as_bytes()).unwrap()), Selection::Whole);
    }
}
