//! What a server is told before it runs.

use wirenut::http::Limits;
use wirenut::readiness::WhenFull;
use wirenut::time::Duration;

/// How a [`Server`](crate::Server) runs.
///
/// ```
/// use wirenut_linux::Config;
/// const SMALL: Config = Config { max_connections: 100, ..Config::DEFAULT };
/// assert_eq!(SMALL.limits, Config::DEFAULT.limits);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// The bounds that each connection keeps.
    ///
    /// Default: `Limits::DEFAULT`.
    pub limits: Limits,
    /// How many connections there may be at a time.
    ///
    /// Default: `10_000`.
    pub max_connections: u32,
    /// When all are taken, close the one that has been idle for longest to make room.
    ///
    /// Default: `true`.
    pub evict_idle: bool,
    /// What happens to the next one when all are taken and none is idle (or none may be evicted).
    ///
    /// Default: `WhenFull::Queue`.
    pub when_full: WhenFull,
    /// For how long a server that was told to stop lets exchanges in flight go on.
    ///
    /// Default: `Duration::from_secs(30)`.
    pub drain: Duration,
    /// How many connections may wait to be accepted. The system has its own bound (`net.core.somaxconn`).
    ///
    /// Default: `4_096`.
    pub backlog: u32,
}

impl Config {
    /// Sane values for a server on a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        limits: Limits::DEFAULT,
        max_connections: 10_000,
        evict_idle: true,
        when_full: WhenFull::Queue,
        drain: Duration::from_secs(30),
        backlog: 4_096,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}
