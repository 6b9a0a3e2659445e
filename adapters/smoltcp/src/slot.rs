//! One socket of a server, and how far the connection on it is.

use core::convert::Infallible;

use smoltcp::iface::SocketHandle;
use wirenut::http::service::{Service, Session};
use wirenut::time::Instant;

use crate::connection::Connection;
use crate::leaving::Leaving;

// In this order, so that the store begins at a word and is cleared by words.
#[repr(C)]
pub(crate) struct Slot<S: Service<Source = Infallible>, const STORE: usize> {
    /// What is known of a head, or of a trailer section, of which not all has come.
    pub(crate) store: [u8; STORE],
    pub(crate) handle: SocketHandle,
    pub(crate) phase: Phase<S>,
    /// While it serves.
    pub(crate) connection: Connection,
}

pub(crate) enum Phase<S: Service<Source = Infallible>> {
    /// The socket listens, or holds somebody who is not admitted yet.
    Vacant,
    /// Since when a handshake is not complete.
    Opening(Instant),
    /// Somebody speaks, who was admitted, or is refused.
    Serving(Session<S>),
    /// All is said.
    Leaving(Leaving),
}

impl<S: Service<Source = Infallible>, const STORE: usize> Slot<S, STORE> {
    pub(crate) const fn new(handle: SocketHandle) -> Self {
        Self { handle, phase: Phase::Vacant, connection: Connection::new(), store: [0; STORE] }
    }

    pub(crate) const fn is_vacant(&self) -> bool {
        matches!(self.phase, Phase::Vacant | Phase::Opening(_))
    }
}
