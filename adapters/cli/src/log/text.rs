//! What clients wrote, made harmless: it neither begins a line of its own nor commands a terminal.

use core::fmt::{self, Write as _};

/// What is shown at most of a text, in bytes before escaping.
pub(super) const LONGEST_TEXT: usize = 1024;

/// As one word of printable ASCII.
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        for &byte in self.0.iter().take(LONGEST_TEXT) {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                byte if byte.is_ascii_graphic() => f.write_char(char::from(byte))?,
                byte => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > LONGEST_TEXT { f.write_str("...") } else { Ok(()) }
    }
}

/// Within quotes: printable ASCII that ends neither the quotes nor the line.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('-');
        }
        for &byte in self.0.iter().take(LONGEST_TEXT) {
            match byte {
                b'"' | b'\\' => write!(f, "\\x{byte:02x}")?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                byte => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > LONGEST_TEXT { f.write_str("...") } else { Ok(()) }
    }
}
