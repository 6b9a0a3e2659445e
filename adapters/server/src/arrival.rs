//! A connection that has come, for whoever makes what is spoken over it.

use core::fmt;
use core::task::Waker;

use wirenut::time::Instant;
use wirenut_linux::socket::AnyAddress;

use crate::speaker::{Call, peer_name};

/// A connection that has come, and for which a protocol is made: see [`Server::run_protocol`](crate::Server::run_protocol).
pub struct Arrival<'a>(pub(crate) &'a Call<'a>);

impl Arrival<'_> {
    /// Who has come; of whom a proxy passes on ([`Config::proxy_protocol`](crate::Config::proxy_protocol)), the client. `None`: it
    /// has gone again.
    #[must_use]
    pub fn peer(&self) -> Option<AnyAddress> {
        peer_name(self.0.environment, self.0.socket)
    }

    /// What time it is, by the clock of [`Protocol::handle_now`](wirenut::transport::Protocol::handle_now).
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// What gives the protocol a turn, from any thread: it is told
    /// [`handle_wake`](wirenut::transport::Protocol::handle_wake), and driven.
    #[must_use]
    pub fn waker(&self) -> Waker {
        (self.0.environment.waker)()
    }

    /// How much room its output has, in bytes, once all that was sent before has left; and its input. In some calls they may
    /// have more. What does not fit into that may never fit.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.0.environment.output_capacity
    }
}

impl fmt::Debug for Arrival<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival").field("peer", &self.peer()).field("now", &self.now()).finish_non_exhaustive()
    }
}
