//! The one place where panics of a service are caught, and its answers counted.
//!
//! A [`Guard`] is the service, as the session sees it. Where a method panics the session is told [`Step::Abort`]: the
//! core knows what that means for the peer, and closes the exchange. Nothing of the session is half done then, since it
//! calls the service between two of its own steps. What the service itself leaves half done is its own affair, as after
//! the panic of one thread beside others.

use core::cell::Cell;
use core::fmt;
use core::mem;
use core::net::SocketAddr;
use std::io;

use wirenut::http::service::{Refusal, Responder, Service, Step};
use wirenut::http::{Error, Fault, Fields, RequestHead, WriteError};
use wirenut::transport::Environment;
use wirenut_linux::socket::AnyByteStream;

use super::names::RequestNames;
use crate::board::{Counts, Seat};
use crate::layer::Source;
use crate::panics::{self, Panic, catch};
use crate::speaker::peer_name;
use crate::transfer::Transfer;

/// A service whose panics are caught, logged and counted.
pub(crate) struct Guard<'s, S: ?Sized> {
    service: &'s S,
    names: RequestNames,
    /// Where answers and panics are counted.
    seat: Seat,
    /// The connection that has its turn is not to last, since the server will end.
    ends_soon: Cell<bool>,
}

impl<'s, S: ?Sized> Guard<'s, S> {
    pub(super) fn new(service: &'s S, seat: Seat) -> Self {
        Self { service, names: RequestNames::new(), seat, ends_soon: Cell::new(false) }
    }

    pub(super) fn set_ends_soon(&self, ends_soon: bool) {
        self.ends_soon.set(ends_soon);
    }

    /// Has the next response say that it is the last one, if nothing that has come would be lost by that.
    #[inline]
    fn retire_if_it_ends_soon(&self, responder: &mut Responder<'_>) {
        if self.ends_soon.get() && responder.received_behind() == 0 && !responder.is_responding() {
            responder.retire();
        }
    }

    pub(super) const fn names(&self) -> &RequestNames {
        &self.names
    }

    /// The connection has answered, or does so now, in place of the service.
    #[cold]
    fn count_answer(&self, error: Error) {
        if let Some(status) = error.rule.status() {
            self.seat.counts().add_request(status.code());
        }
    }

    #[cold]
    fn log_panic(&self, panic: Panic, peer: Option<impl fmt::Display>) {
        panics::log(panic, format_args!("the service panicked in {}", self.names.current()), peer, &self.seat);
    }

    /// A source that moves bytes, whose panics are those of the service.
    pub(super) const fn source<'g, T: Transfer>(
        &'g self,
        source: &'g mut T,
        peer: (&'g AnyByteStream, &'g Environment<'g>),
    ) -> GuardedSource<'g, 's, S, T> {
        GuardedSource { guard: self, source, peer }
    }

    /// What becomes of a method that steps on. A panic aborts the exchange.
    fn step<T>(
        &self,
        stepped: Result<Result<Step<T>, WriteError>, Panic>,
        responder: &Responder<'_>,
    ) -> Result<Step<T>, WriteError> {
        stepped.unwrap_or_else(|panic| {
            self.log_panic(panic, responder.peer());
            Ok(Step::Abort)
        })
    }
}

/// A source of the service.
pub(super) struct GuardedSource<'g, 's, S: ?Sized, T> {
    guard: &'g Guard<'s, S>,
    source: &'g mut T,
    peer: (&'g AnyByteStream, &'g Environment<'g>),
}

impl<S: Service + ?Sized, T> GuardedSource<'_, '_, S, T> {
    fn catch<R>(&mut self, call: impl FnOnce(&mut T) -> io::Result<R>) -> io::Result<R> {
        catch(|| call(self.source)).unwrap_or_else(|panic| {
            let (socket, environment) = self.peer;
            self.guard.log_panic(panic, peer_name(environment, socket));
            Err(io::Error::other("a panic"))
        })
    }
}

impl<S: Service + ?Sized, T: Transfer> Source for GuardedSource<'_, '_, S, T> {
    fn transfer(&mut self, socket: &AnyByteStream, length: u64) -> io::Result<u64> {
        self.catch(|source| source.transfer(socket, length))
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.catch(|source| source.read(into))
    }
}

/// A request in flight.
pub(crate) enum Guarded<E> {
    /// Its beginning panicked: the service is not told of its end.
    Panicked,
    /// No final response was begun.
    Open(E),
    /// One was, and is counted.
    Answered(E),
}

impl<E> Guarded<E> {
    const fn exchange(&mut self) -> Option<&mut E> {
        match self {
            Self::Open(exchange) | Self::Answered(exchange) => Some(exchange),
            Self::Panicked => None,
        }
    }

    /// Counts the response, if it was begun in this call.
    fn note_status(&mut self, responder: &Responder<'_>, counts: &Counts) {
        if let (Self::Open(_), Some(status)) = (&*self, responder.begun_status()) {
            counts.add_request(status);
            if let Self::Open(exchange) = mem::replace(self, Self::Panicked) {
                *self = Self::Answered(exchange);
            }
        }
    }
}

impl<S: Service + ?Sized> Service for Guard<'_, S> {
    type Exchange = Guarded<S::Exchange>;
    type Source = S::Source;
    const UPGRADES: bool = S::UPGRADES;

    #[inline]
    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step<Self::Source>), WriteError> {
        self.names.begin(head);
        self.retire_if_it_ends_soon(responder);
        match catch(|| self.service.request(head, responder)) {
            Ok(begun) => {
                let (exchange, step) = begun.inspect_err(|_| self.names.note_failed())?;
                if !matches!(step, Step::Done) {
                    self.names.keep();
                }
                let Some(status) = responder.begun_status() else { return Ok((Guarded::Open(exchange), step)) };
                self.seat.counts().add_request(status);
                Ok((Guarded::Answered(exchange), step))
            }
            Err(panic) => {
                self.log_panic(panic, responder.peer());
                Ok((Guarded::Panicked, Step::Abort))
            }
        }
    }

    fn body(
        &self,
        guarded: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step<Self::Source>), WriteError> {
        let Some(exchange) = guarded.exchange() else { return Ok((0, Step::Abort)) };
        let mut taken = 0;
        let stepped = catch(|| {
            let (count, step) = self.service.body(exchange, piece, responder)?;
            taken = count;
            Ok(step)
        });
        guarded.note_status(responder, self.seat.counts());
        self.step(stepped, responder).map(|step| (taken, step))
    }

    fn end(
        &self,
        guarded: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        let Some(exchange) = guarded.exchange() else { return Ok(Step::Abort) };
        self.retire_if_it_ends_soon(responder);
        let stepped = catch(|| self.service.end(exchange, trailers, responder));
        guarded.note_status(responder, self.seat.counts());
        self.step(stepped, responder)
    }

    fn proceed(
        &self,
        guarded: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        let Some(exchange) = guarded.exchange() else { return Ok(Step::Abort) };
        self.retire_if_it_ends_soon(responder);
        let stepped = catch(|| self.service.proceed(exchange, responder));
        guarded.note_status(responder, self.seat.counts());
        self.step(stepped, responder)
    }

    fn refused(&self, refusal: &Refusal<'_>) {
        self.count_answer(refusal.error);
        if let Err(panic) = catch(|| self.service.refused(refusal)) {
            self.log_panic(panic, refusal.peer());
        }
    }

    #[inline]
    fn closed(&self, guarded: Self::Exchange, outcome: Result<(), Error>) {
        let exchange = match (guarded, outcome) {
            (Guarded::Answered(exchange), _) | (Guarded::Open(exchange), Ok(())) => exchange,
            (Guarded::Open(exchange), Err(error)) => {
                self.count_answer(error);
                exchange
            }
            (Guarded::Panicked, _) => return outcome.map_or_else(|error| self.count_answer(error), |()| ()),
        };
        if outcome.is_err_and(|error| error.rule.fault() == Fault::Application) {
            self.names.note_failed();
        }
        if let Err(panic) = catch(|| self.service.closed(exchange, outcome)) {
            self.log_panic(panic, None::<SocketAddr>);
        }
        self.names.forget();
    }
}
