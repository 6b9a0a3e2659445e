//! Every bound that a connection keeps, in one place.

use super::grammar;
use crate::http::field_filter::FieldFilter;
use crate::time::{Duration, Pace};

/// The bounds of a connection: nothing is unlimited by accident.
///
/// ```
/// use wirenut::{http::Limits, time::Duration};
/// const DEVICE: Limits = Limits { head_bytes: 1024, idle: Duration::from_secs(5), ..Limits::DEFAULT };
/// assert_eq!(DEVICE.field_count, Limits::DEFAULT.field_count);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a head: first line, field lines and the empty line. A longer request is answered 501 (in its
    /// method), 414 (in its first line) or 431.
    ///
    /// Default: `16 * 1024`.
    pub head_bytes: u32,
    /// The fields that somebody will ask for. `None`: all of them.
    ///
    /// Default: `None`.
    pub field_filter: Option<&'static FieldFilter>,
    /// Field lines of a head, and of a trailer section; a client counts those of interim responses, and each of these as
    /// one, with those of the final one. More in a request are answered 431.
    ///
    /// Default: `100`.
    pub field_count: u8,
    /// Bytes of a message's content, without its chunked framing. A longer request is answered 413.
    ///
    /// Default: `1 << 40`.
    pub body_bytes: u64,
    /// Bytes of one chunk-size line: size, extensions and line end (RFC 9112 §7.1.1).
    ///
    /// Default: `256`.
    pub chunk_line_bytes: u32,
    /// Bytes of the trailer section (RFC 9112 §7.1.2).
    ///
    /// Default: `4 * 1024`.
    pub trailer_bytes: u32,
    /// Bytes of a request's content that are read and thrown away to keep a connection alive when the response did
    /// not wait for them. If more are due, the connection is closed.
    ///
    /// Default: `64 * 1024`.
    pub discard_bytes: u64,
    /// How long a head may take from its first byte on; and how long a fresh connection may take to send that byte.
    ///
    /// Default: `Duration::from_secs(20)`.
    pub head: Duration,
    /// How long a client waits for the first byte of a response, once its request is sent.
    ///
    /// Default: `Duration::from_secs(60)`.
    pub response: Duration,
    /// How long a client waits for a 100 before it sends the content without one (RFC 9110 §10.1.1).
    ///
    /// Default: `Duration::from_secs(1)`.
    pub expect: Duration,
    /// How slowly content may come. Does not run while it is not taken.
    ///
    /// Default: `Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) }`.
    pub body: Pace,
    /// How long a connection may stay without a request before the first (a client's) and between two of them.
    ///
    /// Default: `Duration::from_secs(60)`.
    pub idle: Duration,
    /// How slowly the peer may take what is sent to it.
    ///
    /// Default: `Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) }`.
    pub write: Pace,
    /// How long the rest of what the peer sends is awaited and thrown away after the last response, so that a reset
    /// cannot destroy that response on its way (RFC 9112 §9.6).
    ///
    /// Default: `Duration::from_secs(5)`.
    pub linger: Duration,
}

impl Limits {
    /// Sane bounds for a server on a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        head_bytes: 16 * 1024,
        field_filter: None,
        field_count: 100,
        body_bytes: 1 << 40,
        chunk_line_bytes: 256,
        trailer_bytes: 4 * 1024,
        discard_bytes: 64 * 1024,
        head: Duration::from_secs(20),
        response: Duration::from_secs(60),
        expect: Duration::from_secs(1),
        body: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
        idle: Duration::from_secs(60),
        write: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
        linger: Duration::from_secs(5),
    };

    /// How large the store must be that is lent while a head or a trailer section is read, in bytes: for the lines that
    /// are kept, and a word that is looked up. With a smaller one more is refused (431), but nothing is misread.
    ///
    /// ```
    /// use wirenut::http::{FieldFilter, Limits};
    /// const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &["Accept"], bytes: 109 }), ..Limits::DEFAULT };
    /// assert_eq!(LIMITS.store_bytes(), 128);
    /// assert_eq!(Limits::DEFAULT.store_bytes(), 16 * 1024);
    /// ```
    #[must_use]
    #[expect(clippy::as_conversions, reason = "there is no const conversion; a store is not larger than memory")]
    pub const fn store_bytes(&self) -> usize {
        match self.field_filter {
            Some(field_filter) => (field_filter.bytes as usize).saturating_add(self.longest_word()),
            None if self.trailer_bytes > self.head_bytes => self.trailer_bytes as usize,
            None => self.head_bytes as usize,
        }
    }

    /// The length of the longest word that may mean something.
    pub(super) const fn longest_word(&self) -> usize {
        let longest = match self.field_filter {
            Some(field_filter) => field_filter.longest_name(),
            None => 0,
        };
        if longest > grammar::LONGEST { longest } else { grammar::LONGEST }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
