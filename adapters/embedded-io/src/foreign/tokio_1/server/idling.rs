//! An endpoint among others, whatever it speaks: where it is idle it ends when the server does, and for whoever needs its place.

use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Disposition, Environment, Progress, Protocol};

use crate::Endpoint;

/// An endpoint that need not know how to retire and to give way.
pub(super) struct Idling<N> {
    endpoint: N,
    ends: Ends,
}

/// When it is to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    ByItself,
    WhenIdle,
    Now,
}

impl<N> Idling<N> {
    pub(super) const fn new(endpoint: N) -> Self {
        Self { endpoint, ends: Ends::ByItself }
    }
}

impl<N: Endpoint> Endpoint for Idling<N> {
    fn with<R>(&mut self, now: Instant, environment: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        let ends = self.ends;
        self.endpoint.with(now, environment, |protocol| call(&mut Ending { protocol, ends }))
    }

    fn wake(&mut self) {
        self.endpoint.wake();
    }

    fn retire(&mut self) {
        self.endpoint.retire();
        if self.ends == Ends::ByItself {
            self.ends = Ends::WhenIdle;
        }
    }

    fn give_way(&mut self, now: Instant, environment: &Environment<'_>, has_read: bool) -> bool {
        if self.endpoint.give_way(now, environment, has_read) {
            return true;
        }
        match self.endpoint.with(now, environment, |protocol| protocol.standing()) {
            Standing::Lingering => return true,
            Standing::Busy => return false,
            // What it was asked in the last moment is answered.
            Standing::Idle if has_read => return false,
            Standing::Idle | Standing::Reading => self.ends = Ends::Now,
        }
        true
    }
}

/// A protocol that ends by itself, or then.
struct Ending<'p> {
    protocol: &'p mut dyn Protocol,
    ends: Ends,
}

impl Protocol for Ending<'_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        self.protocol.drive(input, store, output)
    }

    fn stored(&self) -> usize {
        self.protocol.stored()
    }

    fn needed_room(&self) -> usize {
        self.protocol.needed_room()
    }

    fn handle_eof(&mut self) {
        self.protocol.handle_eof();
    }

    fn handle_read_closed(&mut self) {
        self.protocol.handle_read_closed();
    }

    fn wants_read_closed(&self) -> bool {
        self.protocol.wants_read_closed()
    }

    fn handle_sent(&mut self, sent: usize, left: usize) {
        self.protocol.handle_sent(sent, left);
    }

    fn handle_timeout(&mut self) {
        self.protocol.handle_timeout();
    }

    fn handle_reset(&mut self) {
        self.protocol.handle_reset();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.protocol.poll_timeout()
    }

    fn is_readable(&self) -> bool {
        self.protocol.is_readable()
    }

    fn standing(&self) -> Standing {
        self.protocol.standing()
    }

    fn disposition(&self) -> Disposition {
        match (self.protocol.disposition(), self.ends) {
            (Disposition::Open, Ends::Now) => Disposition::Close,
            (Disposition::Open, Ends::WhenIdle) if self.protocol.standing() == Standing::Idle => Disposition::Close,
            (disposition, _) => disposition,
        }
    }

    fn transfer(&self) -> Option<u64> {
        self.protocol.transfer()
    }
}
