//! Text that others chose, made harmless: it neither begins a line of its own nor commands a terminal.
//!
//! Whatever this command prints that a client, a file system, a name server or the command line supplied goes through
//! [`write_escaped`]: what cannot be shown is written as `\xNN`, byte by byte. The types say how much can be shown.

use core::fmt::{self, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What is shown at most of a text in a line of requests, in bytes before escaping.
pub(super) const LONGEST_TEXT: usize = 1024;

/// What is shown at most of a line of errors, in bytes before escaping: a path of any length fits.
const LONGEST_LINE: usize = 8 * 1024;

/// As one word of printable ASCII; `-` for nothing.
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        write_escaped(f, self.0, LONGEST_TEXT, |sign| sign.is_ascii_graphic() && sign != '\\')
    }
}

/// Within double quotes: printable ASCII that ends neither the quotes nor the line; `-` for nothing.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        write_escaped(f, self.0, LONGEST_TEXT, |sign| matches!(sign, ' '..='~') && !matches!(sign, '"' | '\\'))
    }
}

/// A name or an argument, as it stands within single quotes: signs of any language, and no two names look the same.
///
/// ```
/// use wirenut_cli::log::Name;
/// assert_eq!(Name("\u{fc}.txt".as_bytes()).to_string(), "\u{fc}.txt");
/// assert_eq!(Name(b"a\n\x1b[2J\xff'\\").to_string(), r"a\x0a\x1b[2J\xff\x27\x5c");
/// ```
pub struct Name<'a>(pub &'a [u8]);

impl<'a> Name<'a> {
    /// The name of a file.
    #[must_use]
    pub fn of(path: &'a Path) -> Self {
        Self(path.as_os_str().as_bytes())
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, usize::MAX, |sign| is_shown(sign) && !matches!(sign, '\'' | '\\'))
    }
}

/// A whole line that was put together already: what is left in it that cannot be shown is escaped, and so it stays one
/// line.
///
/// ```
/// use wirenut_cli::log::OneLine;
/// assert_eq!(OneLine(r"'a\x0a': \ gone".into()).to_string(), r"'a\x0a': \ gone");
/// assert_eq!(OneLine("a\nb\x1b".into()).to_string(), r"a\x0ab\x1b");
/// ```
pub struct OneLine(pub String);

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0.as_bytes(), LONGEST_LINE, is_shown)
    }
}

/// Writes `longest` bytes at most, and three dots for the others. Characters that are not shown, and bytes that are no
/// UTF-8, are written as `\xNN` for each byte.
fn write_escaped(
    f: &mut fmt::Formatter<'_>,
    bytes: &[u8],
    longest: usize,
    is_shown: impl Fn(char) -> bool,
) -> fmt::Result {
    for chunk in bytes[..bytes.len().min(longest)].utf8_chunks() {
        for sign in chunk.valid().chars() {
            if is_shown(sign) {
                f.write_char(sign)?;
            } else {
                write_bytes(f, sign.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
        write_bytes(f, chunk.invalid())?;
    }
    if bytes.len() > longest { f.write_str("...") } else { Ok(()) }
}

fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
}

/// Neither a control, nor one of the characters that are not seen, or that change how others are seen.
const fn is_shown(sign: char) -> bool {
    !matches!(
        sign,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Soft hyphen, and the marks that turn the direction of a text.
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Ends of lines and of paragraphs, byte order mark, annotations, tags.
        | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_in_any_language_and_command_nothing() {
        for (name, shown) in [
            (&b"a b.txt"[..], "a b.txt"),
            ("日本語 ü e\u{301}".as_bytes(), "日本語 ü e\u{301}"),
            (b"\x1b[31m\r\n\t\x07\x7f\0", r"\x1b[31m\x0d\x0a\x09\x07\x7f\x00"),
            ("\u{9b}2J\u{85}".as_bytes(), r"\xc2\x9b2J\xc2\x85"),
            (
                "\u{202e}gpj.exe\u{2066}\u{200b}\u{2028}".as_bytes(),
                r"\xe2\x80\xaegpj.exe\xe2\x81\xa6\xe2\x80\x8b\xe2\x80\xa8",
            ),
            (b"\xff\xc3\xe2\x80", r"\xff\xc3\xe2\x80"),
            (b"it's \\x41", r"it\x27s \x5cx41"),
        ] {
            assert_eq!(Name(name).to_string(), shown, "{name:?}");
        }
    }

    #[test]
    fn a_line_stays_one_of_bounded_length() {
        let long = "x".repeat(LONGEST_LINE + 1);
        for (line, shown) in [
            ("cannot serve 'it\\x27s'", "cannot serve 'it\\x27s'"),
            ("cannot look up a\nwirenut: b", "cannot look up a\\x0awirenut: b"),
            (&long, &format!("{}...", "x".repeat(LONGEST_LINE))),
        ] {
            assert_eq!(OneLine(line.into()).to_string(), shown);
        }
    }
}
