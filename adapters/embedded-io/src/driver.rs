//! A session in its place: with its service, its clock and its bounds.

use core::convert::Infallible;
use core::net::SocketAddr;

use wirenut::http::service::{Service, Serving, Session};
use wirenut::http::{Context, Limits, Rule};
use wirenut::readiness::Standing;
use wirenut::time::Instant;
use wirenut::transport::{Environment, Protocol};

use crate::endpoint::Caller;
use crate::{Clock, Endpoint, Error, StreamError};

/// A session as an endpoint. Dropped in the middle of an exchange, it closes that.
pub(crate) struct Driver<'d, S: Service<Source = Infallible>, C: Clock, P> {
    session: Session<S>,
    service: &'d S,
    clock: &'d C,
    limits: &'d Limits,
    /// In the words of the stack, which may be shorter.
    peer: Option<P>,
}

impl<'d, S: Service<Source = Infallible>, C: Clock, P: Copy + Into<SocketAddr>> Driver<'d, S, C, P> {
    /// `refuses`: whatever is asked is answered 503.
    pub(crate) fn new(service: &'d S, clock: &'d C, limits: &'d Limits, peer: Option<P>, refuses: bool) -> Self {
        let cx = Context { now: clock.now(), limits, date: None };
        let session = if refuses { Session::refusing(&cx) } else { Session::new(&cx) };
        Self { session, service, clock, limits, peer }
    }

    /// What went wrong first, where the stream ended like this.
    pub(crate) fn outcome<E>(&self, ended: Result<(), StreamError<E>>) -> Result<(), Error<E>> {
        match self.session.connection().error() {
            // That the stream is gone is said better by the stream.
            Some(error) if error.rule != Rule::Reset => Err(Error::Protocol(error)),
            _ => ended.map_err(Error::from),
        }
    }

    fn serving<R>(
        &mut self,
        now: Instant,
        environment: &Environment<'_>,
        call: impl FnOnce(&mut Serving<'_, S>) -> R,
    ) -> R {
        let (date, peer) = (self.clock.date(), self.peer);
        let peer = || peer.map(Into::into);
        let environment = Environment { peer: &peer, ..*environment };
        let cx = Context { now, limits: self.limits, date: date.as_ref() };
        let mut serving = Serving { session: &mut self.session, service: self.service, cx, environment: &environment };
        call(&mut serving)
    }
}

impl<S: Service<Source = Infallible>, C: Clock, P: Copy + Into<SocketAddr>> Endpoint for Driver<'_, S, C, P> {
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

impl<S: Service<Source = Infallible>, C: Clock, P: Copy + Into<SocketAddr>> Caller for Driver<'_, S, C, P> {}

impl<S: Service<Source = Infallible>, C: Clock, P> Drop for Driver<'_, S, C, P> {
    fn drop(&mut self) {
        let cx = Context { now: self.clock.now(), limits: self.limits, date: None };
        self.session.handle_lost(&cx, self.service, Rule::HostClosed);
    }
}
