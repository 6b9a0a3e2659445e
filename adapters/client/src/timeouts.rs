//! How long each phase may take.

use wirenut::http::Limits;
use wirenut::time::{Duration, Pace};

/// How long each phase of a request may take. Nothing waits for ever by default, but a body may take as long as it likes
/// while it comes at its pace.
///
/// ```
/// use wirenut::time::Duration;
/// use wirenut_client::Timeouts;
/// const HASTY: Timeouts = Timeouts { whole: Some(Duration::from_secs(10)), ..Timeouts::DEFAULT };
/// assert_eq!(HASTY.connect, Timeouts::DEFAULT.connect);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// All of a request, redirects and the content of the response included.
    ///
    /// Default: `None`.
    pub whole: Option<Duration>,
    /// Waiting for a place among the connections ([`PoolLimits`](crate::PoolLimits)).
    ///
    /// Default: `Duration::from_secs(30)`.
    pub pool: Duration,
    /// Looking up the host.
    ///
    /// Default: `Duration::from_secs(20)`.
    pub lookup: Duration,
    /// Connecting, whatever the number of addresses; of a proxy its answer to CONNECT, too.
    ///
    /// Default: `Duration::from_secs(20)`.
    pub connect: Duration,
    /// Agreeing on TLS.
    ///
    /// Default: `Duration::from_secs(20)`.
    pub tls: Duration,
    /// How slowly the server may take the request.
    ///
    /// Default: `Limits::DEFAULT.write`.
    pub request: Pace,
    /// How long the server may take to answer 100 before the content is sent without it (RFC 9110 §10.1.1).
    ///
    /// Default: `Duration::from_secs(1)`.
    pub expect: Duration,
    /// From the end of the request to the first byte of the response.
    ///
    /// Default: `Duration::from_secs(60)`.
    pub response: Duration,
    /// From the first byte of the head of the response to its last.
    ///
    /// Default: `Duration::from_secs(20)`.
    pub head: Duration,
    /// How slowly the content of the response may come. Does not run while nobody reads it.
    ///
    /// Default: `Limits::DEFAULT.body`.
    pub body: Pace,
}

impl Timeouts {
    /// Sane times for a network.
    pub const DEFAULT: Self = Self {
        whole: None,
        pool: Duration::from_secs(30),
        lookup: Duration::from_secs(20),
        connect: Duration::from_secs(20),
        tls: Duration::from_secs(20),
        request: Limits::DEFAULT.write,
        expect: Duration::from_secs(1),
        response: Duration::from_secs(60),
        head: Duration::from_secs(20),
        body: Limits::DEFAULT.body,
    };

    /// These, and other bounds, as the core's connection wants them.
    pub(crate) const fn with(self, limits: Limits) -> Limits {
        let Self { request, expect, response, head, body, .. } = self;
        // An idle connection is the pool's affair.
        Limits { write: request, expect, response, head, body, idle: Duration::from_micros(u64::MAX), ..limits }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::DEFAULT
    }
}
