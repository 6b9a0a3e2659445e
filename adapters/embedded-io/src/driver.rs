//! A session in its place: with its service, its clock and its bounds.

use core::convert::Infallible;
use core::net::SocketAddr;
use core::task::Waker;

use wirenut::http::service::{Driven, Host, Service, Session};
use wirenut::http::{self, Context, Disposition, Limits, Rule};
use wirenut::time::Instant;

use crate::Clock;

/// Drives a session, and remembers what went wrong. Dropped in the middle of an exchange, it closes that.
pub(crate) struct Driver<'d, S: Service<Source = Infallible>, C: Clock> {
    session: Session<S>,
    service: &'d S,
    pub(crate) clock: &'d C,
    pub(crate) limits: &'d Limits,
    peer: Option<SocketAddr>,
    output_capacity: usize,
    /// The first thing that went wrong.
    error: Option<http::Error>,
}

impl<'d, S: Service<Source = Infallible>, C: Clock> Driver<'d, S, C> {
    pub(crate) fn new(
        service: &'d S,
        clock: &'d C,
        limits: &'d Limits,
        peer: Option<SocketAddr>,
        output_capacity: usize,
    ) -> Self {
        let session = Session::new(&Context { now: clock.now(), limits, date: None });
        Self { session, service, clock, limits, peer, output_capacity, error: None }
    }

    pub(crate) fn drive(&mut self, waker: &Waker, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Driven {
        let place = Place { waker, peer: self.peer, output_capacity: self.output_capacity };
        self.note(|session, service, cx| session.drive(cx, &place, service, input, store, output))
    }

    pub(crate) fn handle_eof(&mut self) {
        let _ = self.note(|session, service, cx| session.handle_eof(cx, service));
    }

    pub(crate) fn handle_timeout(&mut self) {
        let _ = self.note(|session, service, cx| session.handle_timeout(cx, service));
    }

    /// The stream failed, or is no use any more.
    pub(crate) fn handle_lost(&mut self, rule: Rule) {
        let _ = self.note(|session, service, cx| session.handle_lost(cx, service, rule));
    }

    pub(crate) fn handle_sent(&mut self, sent: usize, left: usize) {
        self.with(|session, _, cx| session.handle_sent(cx, sent, left));
    }

    pub(crate) const fn wake(&mut self) {
        self.session.wake();
    }

    pub(crate) fn retire(&mut self) {
        self.session.retire();
    }

    pub(crate) const fn is_readable(&self) -> bool {
        self.session.is_readable()
    }

    pub(crate) const fn is_idle(&self) -> bool {
        self.session.is_idle()
    }

    pub(crate) const fn disposition(&self) -> Disposition {
        self.session.disposition()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.session.poll_timeout(self.clock.now())
    }

    pub(crate) const fn error(&self) -> Option<http::Error> {
        self.error
    }

    fn note(&mut self, call: impl FnOnce(&mut Session<S>, &S, &Context<'_>) -> Driven) -> Driven {
        let driven = self.with(call);
        self.error = self.error.or(driven.error);
        driven
    }

    fn with<R>(&mut self, call: impl FnOnce(&mut Session<S>, &S, &Context<'_>) -> R) -> R {
        let date = self.clock.date();
        let cx = Context { now: self.clock.now(), limits: self.limits, date: date.as_ref() };
        call(&mut self.session, self.service, &cx)
    }
}

impl<S: Service<Source = Infallible>, C: Clock> Drop for Driver<'_, S, C> {
    fn drop(&mut self) {
        self.handle_lost(Rule::HostClosed);
    }
}

/// What a session has to know of the place where it runs.
struct Place<'p> {
    waker: &'p Waker,
    peer: Option<SocketAddr>,
    output_capacity: usize,
}

impl Host for Place<'_> {
    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn output_capacity(&self) -> usize {
        self.output_capacity
    }
}
