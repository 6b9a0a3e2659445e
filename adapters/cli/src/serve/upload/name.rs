//! Which names a file may be given.

use core::error::Error;
use core::fmt;

use super::folder::RESERVED;

/// The longest name of a file on Linux, in bytes.
const LONGEST: usize = 255;

/// Whether a file may be given this name. Hidden ones only where they are served.
///
/// # Errors
/// What is wrong with it.
///
/// ```
/// use wirenut_cli::serve::upload::{NameError, check};
/// assert_eq!(check("\u{fc} (1).txt".as_bytes(), false), Ok(()));
/// assert_eq!(check(b".htaccess", false), Err(NameError::Hidden));
/// ```
pub fn check(name: &[u8], shows_hidden: bool) -> Result<(), NameError> {
    let text = str::from_utf8(name).map_err(|_| NameError::Encoding)?;
    match name {
        b"" | b"." | b".." => Err(NameError::Empty),
        _ if name.len() > LONGEST => Err(NameError::TooLong),
        _ if name.contains(&b'/') => Err(NameError::Slash),
        _ if text.contains(char::is_control) => Err(NameError::Control),
        _ if name.starts_with(RESERVED.as_bytes()) => Err(NameError::Reserved),
        [b'.', ..] if !shows_hidden => Err(NameError::Hidden),
        _ => Ok(()),
    }
}

/// What a browser calls a file: of a path, which some programs send, the last segment, of Unix or of Windows.
pub(super) fn last_segment(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default()
}

/// Why a file may not have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty, `.` or `..`.
    Empty,
    /// It has a slash in it.
    Slash,
    /// Longer than 255 bytes.
    TooLong,
    /// It has a control character in it: a line end, a tab, an escape.
    Control,
    /// It is no UTF-8.
    Encoding,
    /// It begins with a dot, and such names are not served.
    Hidden,
    /// It is one that this server gives to files that are not whole yet.
    Reserved,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the name is empty",
            Self::Slash => "the name has a slash in it",
            Self::TooLong => "the name is longer than 255 bytes",
            Self::Control => "the name has a control character in it",
            Self::Encoding => "the name is not UTF-8",
            Self::Hidden => "the name, or that of a directory, begins with a dot, and such names are not served here",
            Self::Reserved => "the name is one that this server gives to files that are not whole yet",
        })
    }
}

impl Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_visible_segment() {
        let (fits, long) = ("a".repeat(255), "\u{fc}".repeat(128));
        for (name, expected) in [
            (&b"a"[..], Ok(())),
            ("\u{65e5}\u{672c} \u{1f389}".as_bytes(), Ok(())),
            (b"a.b.c", Ok(())),
            (b"-rf", Ok(())),
            (b"...", Err(NameError::Hidden)),
            (b"con.txt", Ok(())),
            (b"a\\b", Ok(())),
            (fits.as_bytes(), Ok(())),
            (long.as_bytes(), Err(NameError::TooLong)),
            (b"", Err(NameError::Empty)),
            (b".", Err(NameError::Empty)),
            (b"..", Err(NameError::Empty)),
            (b"../a", Err(NameError::Slash)),
            (b"/etc/passwd", Err(NameError::Slash)),
            (b".env", Err(NameError::Hidden)),
            (b".wirenut-upload-0", Err(NameError::Reserved)),
            (b"a\nb", Err(NameError::Control)),
            (b"a\x1b[2J", Err(NameError::Control)),
            (b"a\0", Err(NameError::Control)),
            ("a\u{85}".as_bytes(), Err(NameError::Control)),
            (b"a\xff", Err(NameError::Encoding)),
        ] {
            assert_eq!(check(name, false), expected, "{}", name.escape_ascii());
        }
        assert_eq!(check(b".env", true), Ok(()));
        assert_eq!(check(b".wirenut-upload-0", true), Err(NameError::Reserved));
    }

    #[test]
    fn of_a_path_the_last_segment_counts() {
        for (name, expected) in [
            ("a.txt", "a.txt"),
            ("C:\\Users\\ann\\a.txt", "a.txt"),
            ("/home/ann/a.txt", "a.txt"),
            ("..\\..\\a", "a"),
            ("../", ""),
            ("", ""),
        ] {
            assert_eq!(last_segment(name.as_bytes()), expected.as_bytes(), "{name}");
        }
    }
}
