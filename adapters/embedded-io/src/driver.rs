//! A session in its place: with its service, its clock and its bounds.

use core::convert::Infallible;
use core::net::SocketAddr;

use wirenut::http::service::{Service, Serving, Session};
use wirenut::http::{self, Context, Limits, Rule};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Environment, Protocol};

use crate::{Clock, Endpoint};

/// A session as an endpoint, which remembers what went wrong. Dropped in the middle of an exchange, it closes that.
pub(crate) struct Driver<'d, S: Service<Source = Infallible>, C: Clock> {
    session: Session<S>,
    service: &'d S,
    clock: &'d C,
    limits: &'d Limits,
    peer: Option<SocketAddr>,
    /// The first thing that went wrong.
    error: Option<http::Error>,
}

impl<'d, S: Service<Source = Infallible>, C: Clock> Driver<'d, S, C> {
    /// `refuses`: whatever is asked is answered 503.
    pub(crate) fn new(
        service: &'d S,
        clock: &'d C,
        limits: &'d Limits,
        peer: Option<SocketAddr>,
        refuses: bool,
    ) -> Self {
        let cx = Context { now: clock.now(), limits, date: None };
        let session = if refuses { Session::refusing(&cx) } else { Session::new(&cx) };
        let error = session.connection().error();
        Self { session, service, clock, limits, peer, error }
    }

    pub(crate) const fn error(&self) -> Option<http::Error> {
        self.error
    }

    fn serving<R>(
        &mut self,
        now: Instant,
        environment: &Environment<'_>,
        call: impl FnOnce(&mut Serving<'_, S>) -> R,
    ) -> R {
        let (date, peer) = (self.clock.date(), self.peer);
        let peer = || peer;
        let environment = Environment { peer: &peer, ..*environment };
        let cx = Context { now, limits: self.limits, date: date.as_ref() };
        let mut serving =
            Serving { session: &mut self.session, service: self.service, cx, environment: &environment, error: None };
        let result = call(&mut serving);
        self.error = self.error.or(serving.error);
        result
    }
}

impl<S: Service<Source = Infallible>, C: Clock> Endpoint for Driver<'_, S, C> {
    fn with<R>(&mut self, now: Instant, environment: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        self.serving(now, environment, |serving| call(serving))
    }

    fn wake(&mut self) {
        self.session.wake();
    }

    fn retire(&mut self) {
        self.session.retire();
    }

    fn give_way(&mut self, now: Instant, environment: &Environment<'_>, has_read: bool) -> bool {
        // A head of which bytes have just come, and still not all, is as slow as before.
        let is_served = has_read && self.session.standing() == Standing::Idle;
        self.serving(now, environment, |serving| serving.give_way(is_served))
    }
}

impl<S: Service<Source = Infallible>, C: Clock> Drop for Driver<'_, S, C> {
    fn drop(&mut self) {
        let cx = Context { now: self.clock.now(), limits: self.limits, date: None };
        let _ = self.session.handle_lost(&cx, self.service, Rule::HostClosed);
    }
}
