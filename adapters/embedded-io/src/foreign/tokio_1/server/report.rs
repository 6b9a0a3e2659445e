//! What a server of tokio's tells its caller.

use core::fmt;
use core::net::SocketAddr;
use std::io;

use crate::Error;

/// What a [`TokioListener`](super::TokioListener) did, from its start to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct TokioReport {
    /// Connections that were taken in.
    pub accepted: u64,
    /// Connections that were answered 503 (or, where no HTTP is spoken, closed), because all places were taken.
    pub refused: u64,
    /// Connections that were closed without a byte, since [`verify`](super::TokioListener::with_verify) did not want them.
    pub rejected: u64,
    /// Connections that were closed to make room: idle ones, and such whose head did not come. Who had all that it asked for
    /// does not count.
    pub evicted: u64,
    /// Connections that were cut because they did not end within [`TokioConfig::drain`](super::TokioConfig::drain).
    pub cut: u64,
    /// Panics of the service, of a handler or of an endpoint, each of which cost a connection.
    pub panics: u64,
}

impl TokioReport {
    /// Of two servers.
    pub(super) const fn with(self, other: Self) -> Self {
        Self {
            accepted: self.accepted.saturating_add(other.accepted),
            refused: self.refused.saturating_add(other.refused),
            rejected: self.rejected.saturating_add(other.rejected),
            evicted: self.evicted.saturating_add(other.evicted),
            cut: self.cut.saturating_add(other.cut),
            panics: self.panics.saturating_add(other.panics),
        }
    }
}

/// What went wrong, for the log. There is nothing to do: the server goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokioFailure<P = SocketAddr> {
    /// Nobody could be accepted, mostly for want of a descriptor. It is tried again when a connection has ended, or after
    /// 100 ms; so this comes ten times a second at most.
    Accept(io::Error),
    /// The connection to this peer did not end in good order.
    Connection(P, Error<io::Error>),
    /// The handler of this peer's connection returned an error. The connection was reset.
    Handler(P, io::Error),
    /// The service, the handler or the endpoint has panicked. The connection to this peer was reset.
    Panic(P),
}

impl<P: fmt::Display> fmt::Display for TokioFailure<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(error) => write!(f, "cannot accept: {error}"),
            Self::Connection(peer, error) => write!(f, "{peer}: {error}"),
            Self::Handler(peer, error) => write!(f, "{peer}: the handler failed: {error}"),
            Self::Panic(peer) => write!(f, "{peer}: the service has panicked"),
        }
    }
}

impl<P: fmt::Debug + fmt::Display> core::error::Error for TokioFailure<P> {}
