//! How much of a header is accepted, and how long it may take.

use crate::time::Duration;

/// Bounds of one header. A header of version 1 has at most 107 bytes in any case.
///
/// ```
/// use wirenut::{proxy::Limits, time::Duration};
/// const PLAIN: Limits = Limits { header_bytes: 232, ..Limits::DEFAULT };
/// assert_eq!(PLAIN.header, Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a header of version 2, its signature included. The caller needs a buffer that holds so many (107 at least).
    /// Addresses alone take 232 at most; the rest is for TLVs, of which a certificate is the longest.
    ///
    /// Default: `4 * 1024`.
    pub header_bytes: u16,
    /// How long a header may take, counted from the connection's beginning. Not less than three seconds, so that a segment
    /// that was lost can be sent again (proxy-protocol §2).
    ///
    /// Default: `Duration::from_secs(5)`.
    pub header: Duration,
}

impl Limits {
    /// Sane bounds for a machine with memory to spare.
    pub const DEFAULT: Self = Self { header_bytes: 4 * 1024, header: Duration::from_secs(5) };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
