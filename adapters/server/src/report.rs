//! What a server has done.

use wirenut::readiness::Standing;

use crate::board::{Board, Counts, Deadline};

/// What a server has done so far: read by [`Metrics`](crate::Metrics) while it runs, and told by it in the end.
///
/// Each number is read by itself while others change: sums of them may be off by what happens meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Connections that were taken in.
    pub accepted: u64,
    /// Connections that were turned away, because all places were taken or they were not to be served: over HTTP they were
    /// answered 503.
    pub refused: u64,
    /// Connections that were closed to make room: idle ones, and such whose head did not come. Who had all that it asked for
    /// does not count.
    pub evicted: u64,
    /// Connections that were cut because they did not end within [`Config::drain`](crate::Config::drain), or the server was stopped at once.
    pub cut: u64,
    /// Panics of what is served, each of which cost a connection at most.
    pub panics: u64,
    /// Processes that died and were replaced.
    pub replaced: u64,
    /// Handshakes of TLS, by how they ended.
    pub handshakes: Handshakes,
    /// Bytes of connections that were received and consumed: all of HTTP, heads included. Handlers that block are not
    /// counted here.
    pub received: u64,
    /// Bytes that were given to the system to be sent, likewise.
    pub sent: u64,
    /// Requests over HTTP, by what they were answered.
    pub requests: Requests,
    /// Deadlines of [`Config::limits`](crate::Config::limits) that ended a connection.
    pub deadlines: Deadlines,
    /// The connections that there are now, those included that were refused and have not gone yet.
    pub connections: Connections,
}

/// Handshakes of TLS, by how they ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Handshakes {
    /// Both have agreed anew.
    pub full: u64,
    /// Both have gone on with a session of before, which costs far less.
    pub resumed: u64,
    /// They have not agreed: the peer speaks something else, does not trust the certificate, or took too long.
    pub failed: u64,
}

/// Requests, by the class of the final status that they were answered with, also where the connection has answered in place
/// of the service. Who was [refused](Report::refused) is none of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Requests {
    /// 101: the protocol was switched.
    pub informational: u64,
    /// 200 to 299.
    pub successful: u64,
    /// 300 to 399.
    pub redirection: u64,
    /// 400 to 499.
    pub client_error: u64,
    /// 500 to 599.
    pub server_error: u64,
}

/// Deadlines, by the name of the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Deadlines {
    /// A head did not come in time, or what a proxy must say before it.
    pub head: u64,
    /// Content came too slowly.
    pub body: u64,
    /// A peer took its answer too slowly.
    pub write: u64,
    /// Nothing of a request came in time, neither of the first nor of the next one.
    pub idle: u64,
    /// A peer did not end its direction after the last answer.
    pub linger: u64,
}

/// Connections, by what they are doing: see [`Standing`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Connections {
    /// Their first request, or the rest of a head, has not come.
    pub reading: u64,
    /// They are between two requests.
    pub idle: u64,
    /// They are in the middle of something.
    pub busy: u64,
    /// All is sent, and the peer has not ended its direction.
    pub lingering: u64,
}

impl Report {
    /// What all who have a place on the board have done.
    pub(crate) fn of(board: &Board) -> Self {
        Self::default().and(board)
    }

    /// This, and what they have done.
    pub(crate) fn and(self, board: &Board) -> Self {
        board.counts().fold(self, Self::with)
    }

    fn with(self, counts: &Counts) -> Self {
        Self {
            accepted: self.accepted.saturating_add(counts.accepted.get()),
            refused: self.refused.saturating_add(counts.refused.get()),
            evicted: self.evicted.saturating_add(counts.evicted.get()),
            cut: self.cut.saturating_add(counts.cut.get()),
            panics: self.panics.saturating_add(counts.panics.get()),
            replaced: self.replaced.saturating_add(counts.replaced.get()),
            handshakes: self.handshakes.with(counts),
            received: self.received.saturating_add(counts.received.get()),
            sent: self.sent.saturating_add(counts.sent.get()),
            requests: self.requests.with(counts.requests()),
            deadlines: self.deadlines.with(counts),
            connections: self.connections.with(counts),
        }
    }
}

impl Handshakes {
    fn with(self, counts: &Counts) -> Self {
        Self {
            full: self.full.saturating_add(counts.handshakes_full.get()),
            resumed: self.resumed.saturating_add(counts.handshakes_resumed.get()),
            failed: self.failed.saturating_add(counts.handshakes_failed.get()),
        }
    }
}

impl Requests {
    const fn with(self, [informational, successful, redirection, client_error, server_error]: [u64; 5]) -> Self {
        Self {
            informational: self.informational.saturating_add(informational),
            successful: self.successful.saturating_add(successful),
            redirection: self.redirection.saturating_add(redirection),
            client_error: self.client_error.saturating_add(client_error),
            server_error: self.server_error.saturating_add(server_error),
        }
    }
}

impl Deadlines {
    fn with(self, counts: &Counts) -> Self {
        Self {
            head: self.head.saturating_add(counts.deadline(Deadline::Head)),
            body: self.body.saturating_add(counts.deadline(Deadline::Body)),
            write: self.write.saturating_add(counts.deadline(Deadline::Write)),
            idle: self.idle.saturating_add(counts.deadline(Deadline::Idle)),
            linger: self.linger.saturating_add(counts.deadline(Deadline::Linger)),
        }
    }
}

impl Connections {
    fn with(self, counts: &Counts) -> Self {
        Self {
            reading: self.reading.saturating_add(counts.standing(Standing::Reading)),
            idle: self.idle.saturating_add(counts.standing(Standing::Idle)),
            busy: self.busy.saturating_add(counts.standing(Standing::Busy)),
            lingering: self.lingering.saturating_add(counts.standing(Standing::Lingering)),
        }
    }
}
