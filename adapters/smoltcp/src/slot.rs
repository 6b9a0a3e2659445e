//! One socket of a server, and how far the connection on it is.

use core::convert::Infallible;

use smoltcp::iface::SocketHandle;
use wirenut::service::{Service, Session};
use wirenut::time::Instant;

use crate::connection::Connection;
use crate::leaving::Leaving;

pub(crate) struct Slot<S: Service<Source = Infallible>, const STORE: usize> {
    pub(crate) handle: SocketHandle,
    pub(crate) phase: Phase<S>,
    /// While it serves.
    pub(crate) connection: Connection,
    /// While it serves: it counts for admission. The others are refused.
    pub(crate) is_admitted: bool,
    /// What is known of a head, or of a trailer section, of which not all has come.
    pub(crate) store: [u8; STORE],
}

pub(crate) enum Phase<S: Service<Source = Infallible>> {
    /// The socket listens, or holds somebody who is not admitted yet.
    Vacant {
        /// When the handshake began that is not complete.
        opening_since: Option<Instant>,
    },
    /// Somebody speaks.
    Serving(Session<S>),
    /// All is said.
    Leaving(Leaving),
}

impl<S: Service<Source = Infallible>> Phase<S> {
    pub(crate) const VACANT: Self = Self::Vacant { opening_since: None };
}

impl<S: Service<Source = Infallible>, const STORE: usize> Slot<S, STORE> {
    pub(crate) const fn new(handle: SocketHandle) -> Self {
        Self { handle, phase: Phase::VACANT, connection: Connection::new(), is_admitted: false, store: [0; STORE] }
    }

    pub(crate) const fn is_vacant(&self) -> bool {
        matches!(self.phase, Phase::Vacant { .. })
    }
}
