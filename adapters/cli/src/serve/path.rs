//! From the target of a request to a path beneath the served directory.
//!
//! A [`RelativePath`] can only be had from [`RelativePath::parse`], so whoever holds one knows: it does not begin with a
//! slash, no segment is `..`, `.` or empty, and no byte is NUL. What it cannot know is where symbolic links lead: that is
//! [`Root`](super::root::Root)'s part.

use core::error::Error;
use core::fmt;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use wirenut::http::{EncodeSet, PercentEncode, PercentEncoded};

/// The longest path that Linux takes: PATH_MAX is 4096, the NUL at the end included.
const LONGEST: usize = 4095;

/// A path that stays beneath the directory it is applied to, as far as its text tells.
///
/// Its bytes need not be UTF-8: file names on Unix are bytes. The default is the directory itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelativePath {
    bytes: Vec<u8>,
    directory: bool,
}

impl RelativePath {
    /// Decodes the target of a request in origin form, as it was on the wire. A query (`?` and what follows) is ignored.
    ///
    /// Empty segments and `.` are collapsed, not refused: `//a/./b` is `a/b`, as users of shells expect and as base
    /// addresses joined by hand produce. Nothing decides by the text of a target who may see a file, so a second
    /// spelling opens no door; a redirect must be written with [`location`](Self::location), since the collapsed `//a`
    /// would be an address of another host.
    ///
    /// A backslash is a byte like any other: it separates nothing on Unix.
    ///
    /// # Errors
    ///
    /// See [`PathError`]: each is the client's fault.
    pub fn parse(target: &[u8]) -> Result<Self, PathError> {
        let path = target.split(|&byte| byte == b'?').next().unwrap_or_default();
        Self::collect(path.strip_prefix(b"/").ok_or(PathError::NotAbsolute)?, decode)
    }

    /// A path as a user writes it, beneath the served directory: nothing in it is encoded.
    ///
    /// # Errors
    ///
    /// See [`PathError`].
    pub fn plain(path: &[u8]) -> Result<Self, PathError> {
        Self::collect(path, |segment, into| {
            into.extend_from_slice(segment);
            if segment.contains(&0) { Err(PathError::Nul) } else { Ok(()) }
        })
    }

    fn collect(path: &[u8], copy: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), PathError>) -> Result<Self, PathError> {
        // Three bytes at most stand for one: what is longer than this cannot become short enough by decoding, and what it
        // could become by collapsing is not worth the memory.
        if path.len() > 3 * LONGEST {
            return Err(PathError::TooLong);
        }
        let mut bytes = Vec::with_capacity(path.len());
        let mut directory = false;
        for segment in path.split(|&byte| byte == b'/') {
            let end = bytes.len();
            if end > 0 {
                bytes.push(b'/');
            }
            let start = bytes.len();
            copy(segment, &mut bytes)?;
            directory = match &bytes[start..] {
                b".." => return Err(PathError::ParentSegment),
                b"" | b"." => {
                    bytes.truncate(end);
                    true
                }
                _ => false,
            };
        }
        if bytes.len() > LONGEST {
            return Err(PathError::TooLong);
        }
        Ok(Self { bytes, directory })
    }

    /// The path for system calls; `.` for the served directory itself.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        let bytes: &[u8] = if self.bytes.is_empty() { b"." } else { &self.bytes };
        Path::new(OsStr::from_bytes(bytes))
    }

    /// The same as bytes; empty for the served directory itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The last segment.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.bytes.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// Whether the target ended in a slash, or in `/.` which says the same: only a directory may be meant.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// The directory that it is in, as a relative reference from its target. `None`: it is the served directory itself.
    #[must_use]
    pub fn up(&self) -> Option<&'static str> {
        match (self.bytes.is_empty(), self.directory) {
            (true, _) => None,
            (false, true) => Some("../"),
            (false, false) => Some("./"),
        }
    }

    /// The directory that it is in.
    #[must_use]
    pub fn parent(&self) -> Self {
        let end = self.bytes.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Self { bytes: self.bytes[..end].into(), directory: true }
    }

    /// Whether a segment begins with a dot. Unlike [`Self::is_hidden`], `.well-known` counts.
    #[must_use]
    pub fn has_dot_segment(&self) -> bool {
        self.bytes.split(|&byte| byte == b'/').any(|segment| segment.starts_with(b"."))
    }

    /// What has this name in this directory.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 1 + name.len());
        bytes.extend_from_slice(&self.bytes);
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        Self { bytes, directory: false }
    }

    /// What has this path with something behind it, such as `.gz`.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        Self { bytes: [&self.bytes, suffix.as_bytes()].concat(), directory: false }
    }

    /// Whether a segment begins with a dot: what programs keep for themselves, `.git` and `.env` among it. `.well-known`
    /// at the front does not count: it is there to be asked for (RFC 8615).
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        let path = self.bytes.strip_prefix(b".well-known").filter(|rest| matches!(rest, [] | [b'/', ..]));
        let mut segments = path.unwrap_or(&self.bytes).split(|&byte| byte == b'/');
        segments.any(|segment| segment.starts_with(b"."))
    }

    /// The target of the directory form, percent-encoded, for the redirect of a directory asked for without its slash:
    /// `/a%20b/` for `a b`. Without its last slash it is the target of a file. It begins with exactly one slash, so that it is never an address of another host.
    #[must_use]
    pub fn location(&self) -> String {
        let mut location = String::from("/");
        encode(&self.bytes, &mut location);
        if !self.bytes.is_empty() {
            location.push('/');
        }
        location
    }
}

/// Why a target names nothing that could be served. Each is the client's fault: the answer is 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with a slash: another form of target, such as `*`.
    NotAbsolute,
    /// A `%` without two hexadecimal digits behind it.
    InvalidEscape,
    /// `%00`, or the byte itself: file names end at it.
    Nul,
    /// `%2F`: a slash that is no separator cannot be in a file name.
    EncodedSlash,
    /// A segment is `..` once decoded. Clients resolve these before they ask (RFC 3986 section 5.2.4).
    ParentSegment,
    /// Longer than any path that Linux takes.
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the target does not begin with a slash",
            Self::InvalidEscape => "a percent sign without two hexadecimal digits",
            Self::Nul => "a NUL in the path",
            Self::EncodedSlash => "an encoded slash in the path",
            Self::ParentSegment => "a parent segment in the path",
            Self::TooLong => "the path is too long",
        })
    }
}

impl Error for PathError {}

/// Appends a path, percent-encoded: what is not unreserved (RFC 3986 section 2.3), but for the slash. It needs no escape in
/// HTML.
pub fn encode(path: &[u8], into: &mut impl fmt::Write) {
    // What is written to takes anything, as a `String` does.
    let _ = write!(into, "{}", PercentEncode::new(path, &PATH));
}

/// How much [`encode`] appends.
#[must_use]
pub fn encoded_length(path: &[u8]) -> usize {
    PercentEncode::new(path, &PATH).encoded_length()
}

const PATH: EncodeSet = EncodeSet::UNRESERVED.with(b"/");

/// Appends one segment, percent-decoded once.
///
/// # Errors
///
/// [`PathError::InvalidEscape`], and what no name of a file may hold.
pub fn decode(segment: &[u8], into: &mut Vec<u8>) -> Result<(), PathError> {
    for byte in PercentEncoded::new(segment).bytes() {
        match byte.map_err(|_| PathError::InvalidEscape)? {
            0 => return Err(PathError::Nul),
            b'/' => return Err(PathError::EncodedSlash),
            byte => into.push(byte),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_become_paths() {
        let cases: &[(&[u8], &[u8], bool)] = &[
            (b"/", b".", true),
            (b"/?a=/../b", b".", true),
            (b"/a.txt", b"a.txt", false),
            (b"/a.txt?v=%zz", b"a.txt", false),
            (b"/dir/", b"dir", true),
            (b"/dir/a", b"dir/a", false),
            (b"//dir///a", b"dir/a", false),
            (b"//", b".", true),
            (b"/./dir/./a", b"dir/a", false),
            (b"/dir/.", b"dir", true),
            (b"/%2e/a", b"a", false),
            (b"/a%20b", b"a b", false),
            (b"/a%2Bb+c", b"a+b+c", false),
            (b"/%252e%252e", b"%2e%2e", false),
            (b"/...", b"...", false),
            (b"/..a/b..", b"..a/b..", false),
            (b"/.hidden", b".hidden", false),
            (b"/..\\..\\a", b"..\\..\\a", false),
            (b"/%5c", b"\\", false),
            (b"/%ff\xfe", b"\xff\xfe", false),
            (b"/%0a", b"\n", false),
        ];
        for (target, path, directory) in cases {
            let parsed = RelativePath::parse(target).unwrap();
            assert_eq!(parsed.as_path().as_os_str().as_bytes(), *path, "{}", target.escape_ascii());
            assert_eq!(parsed.is_directory(), *directory, "{}", target.escape_ascii());
        }
    }

    #[test]
    fn what_cannot_be_a_path_beneath_is_refused() {
        let cases: &[(&[u8], PathError)] = &[
            (b"", PathError::NotAbsolute),
            (b"*", PathError::NotAbsolute),
            (b"?/a", PathError::NotAbsolute),
            (b"a", PathError::NotAbsolute),
            (b"http://host/a", PathError::NotAbsolute),
            (b"/%", PathError::InvalidEscape),
            (b"/%2", PathError::InvalidEscape),
            (b"/%2/e", PathError::InvalidEscape),
            (b"/%zz", PathError::InvalidEscape),
            (b"/%+5", PathError::InvalidEscape),
            (b"/% 5", PathError::InvalidEscape),
            (b"/a%00.txt", PathError::Nul),
            (b"/a\0.txt", PathError::Nul),
            (b"/a%2fb", PathError::EncodedSlash),
            (b"/a%2Fb", PathError::EncodedSlash),
            (b"/..%2fa", PathError::EncodedSlash),
            (b"/..", PathError::ParentSegment),
            (b"/../a", PathError::ParentSegment),
            (b"/a/../b", PathError::ParentSegment),
            (b"/a/..", PathError::ParentSegment),
            (b"/%2e%2e/a", PathError::ParentSegment),
            (b"/.%2E/a", PathError::ParentSegment),
            (b"//../a", PathError::ParentSegment),
        ];
        for (target, error) in cases {
            assert_eq!(RelativePath::parse(target), Err(*error), "{}", target.escape_ascii());
        }
    }

    #[test]
    fn length_is_of_the_decoded_path() {
        let target = |unit: &str, count: usize| format!("/{}", unit.repeat(count)).into_bytes();
        for (unit, count, fits) in [
            ("a", LONGEST, true),
            ("a", LONGEST + 1, false),
            ("%61", LONGEST, true),
            ("%61", LONGEST + 1, false),
            ("./", LONGEST, true),
            ("/", 3 * LONGEST + 1, false),
        ] {
            let parsed = RelativePath::parse(&target(unit, count));
            assert_eq!(parsed.is_ok(), fits, "{count} times {unit}");
            assert!(fits || parsed == Err(PathError::TooLong));
        }
    }

    #[test]
    fn index_and_location() {
        for (target, index, location, up) in [
            ("/", "index.html", "/", None),
            ("//", "index.html", "/", None),
            ("/dir", "dir/index.html", "/dir/", Some("./")),
            ("/dir/a/", "dir/a/index.html", "/dir/a/", Some("../")),
            ("//other.example", "other.example/index.html", "/other.example/", Some("./")),
            ("/a%20b/%ff%0d%0a", "", "/a%20b/%FF%0D%0A/", Some("./")),
            ("/a%25b%3fc", "a%b?c/index.html", "/a%25b%3Fc/", Some("./")),
        ] {
            let path = RelativePath::parse(target.as_bytes()).unwrap();
            assert_eq!(path.up(), up);
            assert_eq!(path.location(), location);
            assert!(index.is_empty() || path.join(b"index.html").as_path() == Path::new(index));
            assert!(!path.join(b"index.html").is_directory());
            let again = RelativePath::parse(path.location().as_bytes()).unwrap();
            assert_eq!(again.as_path(), path.as_path(), "a location leads back to its path");
            assert!(again.is_directory());
        }
    }

    #[test]
    fn names_with_a_dot_at_their_front_are_hidden() {
        for (path, is_hidden) in [
            ("", false),
            ("a.b/c.", false),
            (".git", true),
            (".git/config", true),
            ("a/.env", true),
            ("...", true),
            (".well-known", false),
            (".well-known/acme", false),
            (".well-known/.a", true),
            (".well-known.txt", true),
            ("a/.well-known/b", true),
        ] {
            assert_eq!(RelativePath::plain(path.as_bytes()).unwrap().is_hidden(), is_hidden, "{path}");
        }
    }

    #[test]
    fn plain_paths_are_taken_as_they_are() {
        for (path, expected) in [
            ("a%20b", Ok("a%20b")),
            ("/a//b/", Ok("a/b")),
            ("a?b", Ok("a?b")),
            ("../a", Err(PathError::ParentSegment)),
            ("a\0", Err(PathError::Nul)),
        ] {
            let parsed = RelativePath::plain(path.as_bytes());
            assert_eq!(parsed.as_ref().map(RelativePath::as_path), expected.as_ref().map(Path::new), "{path}");
        }
    }
}
