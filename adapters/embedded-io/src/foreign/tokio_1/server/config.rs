//! How a server over tokio serves.

use wirenut::http::Limits;
use wirenut::readiness::Policy;
use wirenut::time::Duration;

/// How a [`TokioListener`](super::TokioListener) serves.
///
/// ```
/// use wirenut::readiness::{Policy, WhenFull};
/// use wirenut_embedded_io::TokioConfig;
/// const POLICY: Policy = Policy { slots: 100, when_full: WhenFull::Refuse, ..TokioConfig::DEFAULT.policy };
/// const SMALL: TokioConfig = TokioConfig { policy: POLICY, ..TokioConfig::DEFAULT };
/// assert_eq!(SMALL.limits, TokioConfig::DEFAULT.limits);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokioConfig {
    /// The bounds that each connection keeps. Of these, a handler's has `idle`, `head` and `linger`.
    ///
    /// Default: `Limits::DEFAULT`.
    pub limits: Limits,
    /// How many connections there may be at a time, and what happens to others. Each takes its buffers from the heap when it is
    /// accepted: [`Limits::store_bytes`], and the two below. Who is refused takes them, too: 32 of these there are at most.
    /// (What is no HTTP is refused by closing it; a handler has its own buffers.)
    ///
    /// Default: `Policy::DEFAULT`, but for `1_024` slots.
    pub policy: Policy,
    /// For how long a server that was told to stop goes on to answer what has come by then.
    ///
    /// Default: `Duration::from_secs(30)`.
    pub drain: Duration,
    /// What one connection reads at once, in bytes. At least one.
    ///
    /// Default: `8 * 1024`.
    pub input_bytes: usize,
    /// What one connection writes at once, in bytes: see [`Buffers::output`](crate::Buffers::output). A response that is sent whole, or a head, has
    /// this room at most.
    ///
    /// Default: `16 * 1024`, as [`Limits::output_reserve`].
    pub output_bytes: usize,
    /// For how long a read or a write of a [handler](super::TokioConnection) waits while no byte comes or goes, before it
    /// fails with [`TimedOut`](std::io::ErrorKind::TimedOut). (Services and endpoints have the deadlines of their protocol.)
    ///
    /// Default: `Duration::from_secs(30)`.
    pub patience: Duration,
}

impl TokioConfig {
    /// Sane values for a server on a machine with memory to spare.
    pub const DEFAULT: Self = Self {
        limits: Limits::DEFAULT,
        policy: Policy { slots: 1_024, ..Policy::DEFAULT },
        drain: Duration::from_secs(30),
        input_bytes: 8 * 1024,
        output_bytes: 16 * 1024,
        patience: Duration::from_secs(30),
    };
}

impl Default for TokioConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}
