//! What was wrong with a message, and where.

use core::fmt;

/// A rule that a message can break.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Rule {
    /// It is longer than the limit, or than the store.
    TooLong,
    /// The stream ended within it.
    Truncated,
    /// A byte that must not follow an escape (RFC 1055; RFC 1662 4.2).
    InvalidEscape,
    /// The sender gave it up: an escape directly before the flag (RFC 1662 4.3).
    Aborted,
    /// A block reaches behind the zero byte that ends the frame (COBS).
    InvalidBlock,
    /// A length that is no number, has a leading zero, is not in its shortest form, or is negative once it is adjusted.
    InvalidLength,
    /// What must stand behind the message stands not there: the comma of a netstring.
    MissingTerminator,
    /// It is shorter than its checksum, or its checksum says otherwise.
    ChecksumMismatch,
}

impl Rule {
    const fn text(self) -> &'static str {
        match self {
            Self::TooLong => "message too long",
            Self::Truncated => "the stream ended within a message",
            Self::InvalidEscape => "invalid escape",
            Self::Aborted => "message given up by its sender",
            Self::InvalidBlock => "a block reaches behind the end of its frame",
            Self::InvalidLength => "invalid length",
            Self::MissingTerminator => "no terminator behind the message",
            Self::ChecksumMismatch => "the checksum does not match",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The stream is lost: nobody can tell where the next message begins. Every later call returns the same.
///
/// ```
/// use wirenut::framing::{FrameError, Rule};
/// let error = FrameError { rule: Rule::InvalidLength, offset: 7 };
/// assert_eq!(error.to_string(), "invalid length at byte 7");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameError {
    /// What was broken.
    pub rule: Rule,
    /// How many bytes of the stream stand before the one that broke it.
    pub offset: u64,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.rule, self.offset)
    }
}

impl core::error::Error for FrameError {}

/// A message that was not delivered. The stream goes on behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Skipped {
    /// What was broken.
    pub rule: Rule,
    /// Where the message began: how many bytes of the stream stand before it.
    pub offset: u64,
    /// How many bytes of the stream it took, with what frames it.
    pub length: u64,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: skipped {} bytes from byte {}", self.rule, self.length, self.offset)
    }
}
