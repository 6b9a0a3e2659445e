//! A service that is watched from outside.

use super::refusal::Refusal;
use super::responder::Responder;
use super::{Service, Step};
use crate::http::error::{Error, WriteError};
use crate::http::message::fields::Fields;
use crate::http::message::request_head::RequestHead;
use crate::http::status::Status;

/// Watches the requests of a service, for an access log, counters or traces: put both into [`Observed`].
///
/// ```
/// use std::cell::RefCell;
/// use wirenut::http::service::{Observed, Observer, Responder, Service, Summary, service_fn};
/// use wirenut::http::{Error, RequestHead};
///
/// #[derive(Default)]
/// struct Log(RefCell<Vec<String>>);
///
/// impl<S: Service> Observer<S> for Log {
///     /// What the line begins with.
///     type Record = String;
///
///     fn begin(&self, head: &RequestHead<'_>, _: &Responder<'_>) -> String {
///         format!("{} {}", head.method.as_bytes().escape_ascii(), head.target.raw().escape_ascii())
///     }
///
///     fn end(&self, line: String, _: &S::Exchange, summary: Summary, outcome: Result<(), Error>) {
///         let status = summary.status.unwrap_or(0);
///         let how = if outcome.is_ok() { "whole" } else { "cut" };
///         self.0.borrow_mut().push(format!("{line} {status} {} {how}", summary.written));
///     }
/// }
/// # use wirenut::http::{Context, Limits};
/// # use wirenut::http::service::Session;
/// # use wirenut::time::Instant;
/// # use wirenut::transport::Environment;
/// # fn new_session<S: Service>(_: &S, cx: &Context<'_>) -> Session<S> { Session::new(cx) }
/// # let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// # let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// # let environment = Environment::alone(256);
/// let hello = service_fn(|_, responder| responder.text("Hello, World!\n"));
/// let service = Observed { service: hello, observer: Log::default() };
/// # let mut session = new_session(&service, &cx);
/// # let _ = session.drive(&cx, &environment, &service, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", &mut store, &mut out);
/// // A client asks for /a.
/// assert_eq!(*service.observer.0.borrow(), ["GET /a 200 14 whole"]);
/// ```
pub trait Observer<S: Service + ?Sized> {
    /// What is kept of a request until it is over.
    type Record;

    /// A request has come; the service is asked next. Where its answer is impossible, [`Self::refused`] follows, and
    /// [`Self::end`] otherwise.
    fn begin(&self, head: &RequestHead<'_>, responder: &Responder<'_>) -> Self::Record;

    /// The exchange is over: see [`Service::closed`], which the service is told next.
    fn end(&self, record: Self::Record, exchange: &S::Exchange, summary: Summary, outcome: Result<(), Error>);

    /// A request was refused before it became an exchange: see [`Service::refused`]. By default nothing is done.
    fn refused(&self, refusal: &Refusal<'_>) {
        let _ = refusal;
    }
}

/// What became of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Its status code, also where the connection has answered in place of the service. `None`: nothing was answered.
    pub status: Option<u16>,
    /// Bytes of its content that the service has written; none to HEAD.
    pub written: u64,
    /// Bytes of its content that the adapter has moved itself ([`Step::Transfer`]), without those of a transfer that was
    /// cut.
    pub moved: u64,
}

/// A service with an observer: a [`Service`] itself. An exchange is as much larger as what is kept of a request.
#[derive(Clone, Copy, Debug)]
pub struct Observed<S, O> {
    /// What is watched.
    pub service: S,
    /// Who watches.
    pub observer: O,
}

/// A request in flight of an [`Observed`] service.
#[derive(Clone, Copy, Debug)]
pub struct ObservedExchange<X, R> {
    exchange: X,
    record: R,
    notes: Notes,
}

#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    summary: Summary,
    /// What the adapter moves now.
    moving: u64,
}

impl Notes {
    /// Adds what was written in this call, and what was moved before it.
    fn add<S>(&mut self, responder: &Responder<'_>, step: Option<&Step<S>>) {
        self.summary.status = responder.begun_status().or(self.summary.status);
        self.summary.moved = self.summary.moved.saturating_add(self.moving);
        self.moving = 0;
        if responder.discards_body() {
            return;
        }
        let written = u64::try_from(responder.content).unwrap_or(u64::MAX);
        self.summary.written = self.summary.written.saturating_add(written);
        if let Some(Step::Transfer { length, .. }) = step {
            self.moving = *length;
        }
    }
}

impl<S: Service, O: Observer<S>> Service for Observed<S, O> {
    type Exchange = ObservedExchange<S::Exchange, O::Record>;
    type Source = S::Source;
    const UPGRADES: bool = S::UPGRADES;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step<S::Source>), WriteError> {
        let record = self.observer.begin(head, responder);
        let (exchange, step) = self.service.request(head, responder)?;
        let mut notes = Notes::default();
        notes.add(responder, Some(&step));
        Ok((ObservedExchange { exchange, record, notes }, step))
    }

    fn body(
        &self,
        observed: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step<S::Source>), WriteError> {
        let asked = self.service.body(&mut observed.exchange, piece, responder);
        observed.notes.add(responder, asked.as_ref().ok().map(|(_, step)| step));
        asked
    }

    fn end(
        &self,
        observed: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step<S::Source>, WriteError> {
        let asked = self.service.end(&mut observed.exchange, trailers, responder);
        observed.notes.add(responder, asked.as_ref().ok());
        asked
    }

    fn proceed(
        &self,
        observed: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Step<S::Source>, WriteError> {
        let asked = self.service.proceed(&mut observed.exchange, responder);
        observed.notes.add(responder, asked.as_ref().ok());
        asked
    }

    fn closed(&self, observed: Self::Exchange, outcome: Result<(), Error>) {
        let ObservedExchange { exchange, record, notes: Notes { mut summary, moving } } = observed;
        if outcome.is_ok() {
            summary.moved = summary.moved.saturating_add(moving);
        }
        summary.status = summary.status.or_else(|| outcome.err()?.rule.status().map(Status::code));
        self.observer.end(record, &exchange, summary, outcome);
        self.service.closed(exchange, outcome);
    }

    fn refused(&self, refusal: &Refusal<'_>) {
        self.observer.refused(refusal);
        self.service.refused(refusal);
    }
}

#[cfg(test)]
mod tests;
