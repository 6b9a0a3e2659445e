//! What is wrong with a compressed message.

use core::fmt;

/// A compressed message that cannot be inflated. The peer is at fault; close with code 1007 (invalid payload data).
///
/// ```
/// use wirenut_deflate::InflateError;
/// assert_eq!(InflateError::Truncated.to_string(), "the message ends within a block");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum InflateError {
    /// The payload is no DEFLATE stream (RFC 1951), or refers to bytes before the window.
    Invalid,
    /// The payload does not end where an empty block without compression would (RFC 7692, 7.2.2).
    Truncated,
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid compressed data",
            Self::Truncated => "the message ends within a block",
        })
    }
}

impl core::error::Error for InflateError {}
