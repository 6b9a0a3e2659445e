//! What a server did.

use crate::board::Counts;

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
    pub(crate) fn with(self, counts: &Counts) -> Self {
        Self {
            accepted: self.accepted + counts.accepted.get(),
            refused: self.refused + counts.refused.get(),
            evicted: self.evicted + counts.evicted.get(),
            cut: self.cut + counts.cut.get(),
            panics: self.panics + counts.panics.get(),
        }
    }
}
