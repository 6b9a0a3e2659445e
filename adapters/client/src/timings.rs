//! How long the phases took.

use wirenut::time::Duration;

/// How long the phases of a request took. `None`: there was no such phase, as on a connection that was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timings {
    /// Looking up the host.
    pub lookup: Option<Duration>,
    /// Connecting.
    pub connect: Option<Duration>,
    /// Agreeing on TLS.
    pub tls: Option<Duration>,
    /// From the beginning of the request to the whole head of the response, redirects included.
    pub head: Option<Duration>,
}
