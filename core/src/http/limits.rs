//! Every bound that a connection keeps, in one place.

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
    /// Room for output, in bytes, that there is each time that a service is asked: where there is less, it is not asked, and
    /// nothing more is taken from the peer, until there is. A response head, a response that is sent whole, and trailer
    /// fields must fit into it, whatever the room is; what is longer is answered 500. Where the output buffer is smaller,
    /// all of the buffer is reserved.
    ///
    /// On a device choose at most half of what the buffer for output holds, so that the next piece of a body can be made
    /// while the one before is on its way.
    ///
    /// Default: `16 * 1024`.
    pub output_reserve: u32,
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
    /// cannot destroy that response on its way (RFC 9112 §9.6). A server that ends a connection
    /// ([`retire`](crate::http::ServerConnection::retire)) waits as long for the rest of a head that has begun.
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
        output_reserve: 16 * 1024,
        head: Duration::from_secs(20),
        response: Duration::from_secs(60),
        expect: Duration::from_secs(1),
        body: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
        idle: Duration::from_secs(60),
        write: Pace { grace: Duration::from_secs(30), per_byte: Duration::from_millis(2) },
        linger: Duration::from_secs(5),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
