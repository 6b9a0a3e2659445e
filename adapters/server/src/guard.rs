//! The one place where panics of a service are caught.
//!
//! A [`Guard`] is the service, as the session sees it. Where a method panics the session is told [`Step::Abort`]: the
//! core knows what that means for the peer, and closes the exchange. Nothing of the session is half done then, since it
//! calls the service between two of its own steps. What the service itself leaves half done is its own affair, as after
//! the panic of one thread beside others.

use core::any::Any;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::mem;
use core::net::SocketAddr;
use core::panic::AssertUnwindSafe;
use std::collections::HashMap;
use std::io;
use std::panic::catch_unwind;

use wirenut::http::service::{Refusal, Responder, Service, Step};
use wirenut::http::{Error, Fault, Fields, RequestHead, WriteError};
use wirenut_linux::socket::AnyByteStream;

use crate::board::Seat;
use crate::transfer::Transfer;

/// How much of a request's method and target is kept, to name it by.
const NAME_BYTES: usize = 120;

type Panic = Box<dyn Any + Send>;

/// A service whose panics are caught, logged and counted.
pub(crate) struct Guard<'s, S: ?Sized> {
    service: &'s S,
    names: &'s RequestNames,
}

impl<'s, S: ?Sized> Guard<'s, S> {
    pub(crate) const fn new(service: &'s S, names: &'s RequestNames) -> Self {
        Self { service, names }
    }

    /// What becomes of a method that steps on. A panic aborts the exchange.
    fn step<T>(
        &self,
        stepped: Result<Result<Step<T>, WriteError>, Panic>,
        responder: &Responder<'_>,
    ) -> Result<Step<T>, WriteError> {
        stepped.unwrap_or_else(|panic| {
            self.names.log_panic(panic, responder.peer());
            Ok(Step::Abort)
        })
    }
}

/// An exchange, unless its beginning panicked: the service is not told of the end of such a one.
pub(crate) struct Guarded<E>(Option<E>);

impl<S: Service + ?Sized> Service for Guard<'_, S> {
    type Exchange = Guarded<S::Exchange>;
    type Source = S::Source;

    #[inline]
    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step<Self::Source>), WriteError> {
        self.names.begin(head);
        match catch_unwind(AssertUnwindSafe(|| self.service.request(head, responder))) {
            Ok(begun) => {
                let (exchange, step) = begun.inspect_err(|_| self.names.note_failed())?;
                if !matches!(step, Step::Done) {
                    self.names.keep();
                }
                Ok((Guarded(Some(exchange)), step))
            }
            Err(panic) => {
                self.names.log_panic(panic, responder.peer());
                Ok((Guarded(None), Step::Abort))
            }
        }
    }

    fn body(
        &self,
        guarded: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step<Self::Source>), WriteError> {
        let Guarded(Some(exchange)) = guarded else { return Ok((0, Step::Abort)) };
        let mut taken = 0;
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            let (count, step) = self.service.body(exchange, piece, responder)?;
            taken = count;
            Ok(step)
        }));
        self.step(stepped, responder).map(|step| (taken, step))
    }

    fn end(
        &self,
        guarded: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        let Guarded(Some(exchange)) = guarded else { return Ok(Step::Abort) };
        let stepped = catch_unwind(AssertUnwindSafe(|| self.service.end(exchange, trailers, responder)));
        self.step(stepped, responder)
    }

    fn proceed(
        &self,
        guarded: &mut Self::Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        let Guarded(Some(exchange)) = guarded else { return Ok(Step::Abort) };
        let stepped = catch_unwind(AssertUnwindSafe(|| self.service.proceed(exchange, responder)));
        self.step(stepped, responder)
    }

    fn refused(&self, refusal: &Refusal<'_>) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.service.refused(refusal))) {
            self.names.log_panic(panic, refusal.peer());
        }
    }

    #[inline]
    fn closed(&self, guarded: Self::Exchange, outcome: Result<(), Error>) {
        let Guarded(Some(exchange)) = guarded else { return };
        if outcome.is_err_and(|error| error.rule.fault() == Fault::Application) {
            self.names.note_failed();
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.service.closed(exchange, outcome))) {
            self.names.log_panic(panic, None::<SocketAddr>);
        }
        self.names.forget();
    }
}

/// Has a source move bytes. Its panics are those of the service.
pub(crate) fn transfer(
    source: &mut impl Transfer,
    socket: &AnyByteStream,
    length: u64,
    names: &RequestNames,
) -> io::Result<u64> {
    catch_unwind(AssertUnwindSafe(|| source.transfer(socket, length))).unwrap_or_else(|panic| {
        names.log_panic(panic, socket.peer_address().ok());
        Err(io::Error::other("a panic"))
    })
}

/// What the requests of a worker are called.
///
/// Most exchanges end as soon as they have begun: so a name is kept by slot, and only while an exchange lasts.
pub(crate) struct RequestNames {
    /// The slot that has its turn.
    current: Cell<u32>,
    /// The request that came last.
    latest: RefCell<Name>,
    lasting: RefCell<HashMap<u32, Name>>,
    /// The request whose exchange has just failed, by a fault of the service that was not told yet.
    failed: Cell<Option<Name>>,
    /// Where panics are counted.
    seat: Seat,
}

impl RequestNames {
    pub(crate) fn new(seat: Seat) -> Self {
        let (latest, lasting, failed) = (RefCell::new(Name::NONE), RefCell::default(), Cell::default());
        Self { current: Cell::new(0), latest, lasting, failed, seat }
    }

    /// The service is about to be asked about the connection in this slot.
    pub(crate) fn set_current(&self, slot: u32) {
        self.current.set(slot);
    }

    #[inline]
    fn begin(&self, head: &RequestHead<'_>) {
        self.latest.borrow_mut().set(head);
    }

    /// The exchange lasts.
    fn keep(&self) {
        self.lasting.borrow_mut().insert(self.current.get(), self.latest.borrow().clone());
    }

    /// The exchange is over.
    #[inline]
    fn forget(&self) {
        let mut lasting = self.lasting.borrow_mut();
        if !lasting.is_empty() {
            lasting.remove(&self.current.get());
        }
    }

    /// The request whose turn it is.
    fn current(&self) -> Name {
        self.lasting.borrow().get(&self.current.get()).unwrap_or(&self.latest.borrow()).clone()
    }

    /// The exchange fails, by a fault of the service.
    #[cold]
    fn note_failed(&self) {
        self.failed.set(Some(self.current()));
    }

    /// The request that failed by a fault of the service, once.
    pub(crate) fn take_failed(&self) -> Option<impl fmt::Display> {
        self.failed.take()
    }

    /// Logs a panic, and counts it.
    #[cold]
    fn log_panic(&self, panic: Panic, peer: Option<impl fmt::Display>) {
        self.seat.counts().panics.add(1);
        let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (None, Some(text)) => text.as_str(),
            (None, None) => "a value that is no text",
        };
        let name = self.current();
        let message = message.escape_debug();
        match peer {
            Some(peer) => log::error!("{peer}: the service panicked in {name}: {message}"),
            None => log::error!("the service panicked in {name}: {message}"),
        }
        // A value that panics when it is dropped is not dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            mem::forget(again);
        }
    }
}

/// A request's method and target, or as much as is needed to know it by.
#[derive(Clone)]
struct Name {
    bytes: [u8; NAME_BYTES],
    length: usize,
    is_cut: bool,
}

impl Name {
    const NONE: Self = Self { bytes: [0; NAME_BYTES], length: 0, is_cut: false };

    fn set(&mut self, head: &RequestHead<'_>) {
        (self.length, self.is_cut) = (0, false);
        for part in [head.method.as_bytes(), b" ", head.target.raw()] {
            let room = &mut self.bytes[self.length..];
            let taken = part.len().min(room.len());
            room[..taken].copy_from_slice(&part[..taken]);
            self.length += taken;
            self.is_cut |= taken < part.len();
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.is_cut { "…" } else { "" };
        write!(f, "{}{end}", self.bytes[..self.length].escape_ascii())
    }
}
