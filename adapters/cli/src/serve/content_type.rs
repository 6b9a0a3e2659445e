//! From the extension of a file name to its media type.
//!
//! A table of our own, not the `mime_guess` crate: that one knows a thousand types which a browser does nothing with,
//! costs a build script and three crates, gives no `charset`, and has had one release in years. What is not in the table
//! is offered as bytes to keep, which is what one wants of an unknown file.

use std::path::Path;

/// What a file is whose extension says nothing.
pub const UNKNOWN: &str = "application/octet-stream";

/// Sorted by extension, in lower case. `.ts` is left out: it is a language to some and video to others.
///
/// Text is said to be UTF-8: without a `charset`, browsers guess by the user's country.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("7z",    "application/x-7z-compressed"),
    ("avif",  "image/avif"),
    ("bmp",   "image/bmp"),
    ("bz2",   "application/x-bzip2"),
    ("css",   "text/css; charset=utf-8"),
    ("csv",   "text/csv; charset=utf-8"),
    ("epub",  "application/epub+zip"),
    ("flac",  "audio/flac"),
    ("gif",   "image/gif"),
    ("gz",    "application/gzip"),
    ("htm",   "text/html; charset=utf-8"),
    ("html",  "text/html; charset=utf-8"),
    ("ico",   "image/vnd.microsoft.icon"),
    ("ics",   "text/calendar; charset=utf-8"),
    ("jpeg",  "image/jpeg"),
    ("jpg",   "image/jpeg"),
    ("js",    "text/javascript; charset=utf-8"),
    ("json",  "application/json"),
    ("jsonld","application/ld+json"),
    ("jxl",   "image/jxl"),
    ("m4a",   "audio/mp4"),
    ("map",   "application/json"),
    ("md",    "text/markdown; charset=utf-8"),
    ("mjs",   "text/javascript; charset=utf-8"),
    ("mp3",   "audio/mpeg"),
    ("mp4",   "video/mp4"),
    ("oga",   "audio/ogg"),
    ("ogg",   "audio/ogg"),
    ("ogv",   "video/ogg"),
    ("opus",  "audio/ogg"),
    ("otf",   "font/otf"),
    ("pdf",   "application/pdf"),
    ("png",   "image/png"),
    ("svg",   "image/svg+xml"),
    ("tar",   "application/x-tar"),
    ("tif",   "image/tiff"),
    ("tiff",  "image/tiff"),
    ("ttf",   "font/ttf"),
    ("txt",   "text/plain; charset=utf-8"),
    ("wasm",  "application/wasm"),
    ("wav",   "audio/wav"),
    ("webm",  "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp",  "image/webp"),
    ("woff",  "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xml",   "application/xml"),
    ("xz",    "application/x-xz"),
    ("zip",   "application/zip"),
    ("zst",   "application/zstd"),
];

/// The media type of the file with this path, as the value of a `Content-Type` field.
///
/// Only the last extension counts, in any case: `a.tar.GZ` is `application/gzip`. A name that only begins with a dot has
/// no extension.
#[must_use]
pub fn of(path: &Path) -> &'static str {
    let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
        return UNKNOWN;
    };
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map_or(UNKNOWN, |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn extensions_tell_types() {
        let cases: &[(&[u8], &str)] = &[
            (b"index.html", "text/html; charset=utf-8"),
            (b"dir/INDEX.HTML", "text/html; charset=utf-8"),
            (b"a.tar.GZ", "application/gzip"),
            (b"a.b.js", "text/javascript; charset=utf-8"),
            (b"\xff.png", "image/png"),
            (b"a.\xff", UNKNOWN),
            (b"a.unknown", UNKNOWN),
            (b"a", UNKNOWN),
            (b"a.", UNKNOWN),
            (b".html", UNKNOWN),
            (b"html", UNKNOWN),
            (b"dir.html/a", UNKNOWN),
            (b".", UNKNOWN),
        ];
        for (path, media_type) in cases {
            assert_eq!(of(Path::new(OsStr::from_bytes(path))), *media_type, "{}", path.escape_ascii());
        }
    }

    #[test]
    fn table_is_sorted_and_its_text_has_a_charset() {
        assert!(TYPES.is_sorted_by(|(left, _), (right, _)| left < right));
        for (extension, media_type) in TYPES {
            assert_eq!(*extension, extension.to_ascii_lowercase());
            assert_eq!(media_type.starts_with("text/"), media_type.ends_with("; charset=utf-8"), "{extension}");
        }
    }
}
