//! What a server of datagrams tells its caller.

use core::fmt;
use core::net::SocketAddr;
use std::io;

/// What [`TokioDatagrams`](super::TokioDatagrams) did, from their start to their end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct TokioDatagramReport {
    /// Datagrams that were handed to the handler.
    pub received: u64,
    /// Replies that were sent.
    pub replied: u64,
    /// Datagrams that were not handled, since they were longer than
    /// [`TokioDatagramConfig::datagram_bytes`](super::TokioDatagramConfig::datagram_bytes).
    pub too_long: u64,
    /// Replies that could not be sent.
    pub unsent: u64,
    /// Handlers that were dropped after [`TokioDatagramConfig::patience`](super::TokioDatagramConfig::patience).
    pub timed_out: u64,
    /// Handlers that were dropped after [`TokioDatagramConfig::drain`](super::TokioDatagramConfig::drain).
    pub cut: u64,
    /// Panics of the handler, each of which cost a reply.
    pub panics: u64,
}

/// What went wrong, for the log. There is nothing to do: the server goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokioDatagramFailure<P = SocketAddr> {
    /// Nothing could be received. It is tried again after 100 ms.
    Receive(io::Error),
    /// A datagram of this peer is longer than so many bytes. It was dropped.
    TooLong(P, usize),
    /// The reply to this peer could not be sent.
    Reply(P, io::Error),
    /// The handler was not done in time, or the peer did not take the reply.
    TimedOut(P),
    /// The handler has panicked.
    Panic(P),
}

impl<P: fmt::Display> fmt::Display for TokioDatagramFailure<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receive(error) => write!(f, "cannot receive: {error}"),
            Self::TooLong(peer, most) => write!(f, "{peer}: dropped a datagram of more than {most} bytes"),
            Self::Reply(peer, error) => write!(f, "{peer}: cannot send the reply: {error}"),
            Self::TimedOut(peer) => write!(f, "{peer}: no reply was sent in time"),
            Self::Panic(peer) => write!(f, "{peer}: the handler has panicked"),
        }
    }
}

impl<P: fmt::Debug + fmt::Display> core::error::Error for TokioDatagramFailure<P> {}
