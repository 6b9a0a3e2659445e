//! What a server did.

/// What a server did, from its start to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were taken in.
    pub accepted: u64,
    /// Connections that were answered 503, because all places were taken.
    pub refused: u64,
    /// Connections that were closed to make room: idle ones, and such whose head did not come. Who had all that it asked for
    /// does not count.
    pub evicted: u64,
    /// Connections that were cut because they did not end within [`Config::drain`](crate::Config::drain), or the server was stopped at once.
    pub cut: u64,
    /// Panics of the service, each of which cost a connection at most.
    pub panics: u64,
}

impl Report {
    pub(crate) const fn with(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            evicted: self.evicted + other.evicted,
            cut: self.cut + other.cut,
            panics: self.panics + other.panics,
        }
    }
}
