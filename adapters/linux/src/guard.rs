//! The one place where panics of a service are caught.
//!
//! A [`Guard`] is the service, as the session sees it. Where a method panics the session is told [`Step::Abort`]: the
//! core knows what that means for the peer, and closes the exchange. Nothing of the session is half done then, since it
//! calls the service between two of its own steps. What the service itself leaves half done is its own affair, as after
//! the panic of one thread beside others.

use alloc::rc::Rc;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::mem;
use core::net::SocketAddr;
use core::panic::AssertUnwindSafe;
use std::io;
use std::os::fd::BorrowedFd;
use std::panic::catch_unwind;

use wirenut::http::{Error, Fields, Head, WriteError};
use wirenut::service::{Answer, Service, Step};

use crate::sys::socket;
use crate::transfer::Transfer;

/// How much of a request's method and target is kept, to name it by.
const NAME_BYTES: usize = 120;

type Panic = Box<dyn Any + Send>;

/// A service whose panics are caught, logged and counted. Each worker has its own.
pub(crate) struct Guard<'s, S: ?Sized> {
    service: &'s S,
    /// Names the request that came last: it is kept in its exchange only if that lasts.
    latest: RefCell<Name>,
    panics: Rc<Cell<u64>>,
}

impl<'s, S: ?Sized> Guard<'s, S> {
    pub(crate) fn new(service: &'s S) -> Self {
        Self { service, latest: RefCell::new(Name::NONE), panics: Rc::default() }
    }

    /// How often the service has panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.get()
    }

    /// What becomes of a method that steps on. A panic aborts the exchange.
    fn step<T>(
        &self,
        stepped: Result<Result<Step<T>, WriteError>, Panic>,
        guarded: &Rc<Named>,
        answer: &Answer<'_>,
    ) -> Result<Step<GuardedSource<T>>, WriteError> {
        match stepped {
            Ok(step) => Ok(guard_source(step?, guarded)),
            Err(panic) => {
                guarded.tell(panic, answer.peer());
                Ok(Step::Abort)
            }
        }
    }
}

/// An exchange, and the name of its request. [`Service::closed`] is not told of one whose beginning panicked.
pub(crate) struct Guarded<E> {
    exchange: Option<E>,
    /// None if it ended as soon as it began.
    named: Option<Rc<Named>>,
}

/// A source whose panics are caught.
pub(crate) struct GuardedSource<T> {
    source: T,
    named: Rc<Named>,
}

impl<S: Service<Source: Transfer> + ?Sized> Service for Guard<'_, S> {
    type Exchange = Guarded<S::Exchange>;
    type Source = GuardedSource<S::Source>;

    #[inline]
    fn request(
        &self,
        head: &Head<'_>,
        answer: &mut Answer<'_>,
    ) -> Result<(Self::Exchange, Step<Self::Source>), WriteError> {
        self.latest.borrow_mut().set(head);
        match catch_unwind(AssertUnwindSafe(|| self.service.request(head, answer))) {
            Ok(Ok((exchange, Step::Done))) => Ok((Guarded { exchange: Some(exchange), named: None }, Step::Done)),
            Ok(begun) => {
                let (exchange, step) = begun?;
                let named = Rc::new(self.name());
                let step = guard_source(step, &named);
                Ok((Guarded { exchange: Some(exchange), named: Some(named) }, step))
            }
            Err(panic) => {
                self.name().tell(panic, answer.peer());
                Ok((Guarded { exchange: None, named: None }, Step::Abort))
            }
        }
    }

    fn body(
        &self,
        guarded: &mut Self::Exchange,
        piece: &[u8],
        answer: &mut Answer<'_>,
    ) -> Result<(usize, Step<Self::Source>), WriteError> {
        let Guarded { exchange: Some(exchange), named: Some(named) } = guarded else { return Ok((0, Step::Abort)) };
        let mut taken = 0;
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            let (count, step) = self.service.body(exchange, piece, answer)?;
            taken = count;
            Ok(step)
        }));
        self.step(stepped, named, answer).map(|step| (taken, step))
    }

    fn end(
        &self,
        guarded: &mut Self::Exchange,
        trailers: Fields<'_>,
        answer: &mut Answer<'_>,
    ) -> Result<Step<Self::Source>, WriteError> {
        let Guarded { exchange: Some(exchange), named: Some(named) } = guarded else { return Ok(Step::Abort) };
        let stepped = catch_unwind(AssertUnwindSafe(|| self.service.end(exchange, trailers, answer)));
        self.step(stepped, named, answer)
    }

    fn proceed(&self, guarded: &mut Self::Exchange, answer: &mut Answer<'_>) -> Result<Step<Self::Source>, WriteError> {
        let Guarded { exchange: Some(exchange), named: Some(named) } = guarded else { return Ok(Step::Abort) };
        let stepped = catch_unwind(AssertUnwindSafe(|| self.service.proceed(exchange, answer)));
        self.step(stepped, named, answer)
    }

    #[inline]
    fn closed(&self, guarded: Self::Exchange, outcome: Result<(), Error>) {
        let Guarded { exchange: Some(exchange), named } = guarded else { return };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.service.closed(exchange, outcome))) {
            named.unwrap_or_else(|| Rc::new(self.name())).tell(panic, None);
        }
    }
}

impl<S: ?Sized> Guard<'_, S> {
    /// The name of the request that came last.
    fn name(&self) -> Named {
        Named { name: self.latest.borrow().clone(), panics: Rc::clone(&self.panics) }
    }
}

impl<T: Transfer> Transfer for GuardedSource<T> {
    fn transfer(&mut self, socket: BorrowedFd<'_>, length: u64) -> io::Result<u64> {
        catch_unwind(AssertUnwindSafe(|| self.source.transfer(socket, length))).unwrap_or_else(|panic| {
            self.named.tell(panic, socket::peer(&socket));
            Err(io::Error::other("a panic"))
        })
    }
}

fn guard_source<T>(step: Step<T>, named: &Rc<Named>) -> Step<GuardedSource<T>> {
    match step {
        Step::More => Step::More,
        Step::Wait(until) => Step::Wait(until),
        Step::Done => Step::Done,
        Step::Transfer { source, length } => {
            Step::Transfer { source: GuardedSource { source, named: Rc::clone(named) }, length }
        }
        // The core may learn of more steps than there are here.
        Step::Abort | _ => Step::Abort,
    }
}

/// The name of a request, and where panics are counted.
struct Named {
    name: Name,
    panics: Rc<Cell<u64>>,
}

impl Named {
    /// Logs a panic, and counts it.
    #[cold]
    fn tell(&self, panic: Panic, peer: Option<SocketAddr>) {
        self.panics.set(self.panics.get() + 1);
        let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (None, Some(text)) => text.as_str(),
            (None, None) => "a value that is no text",
        };
        let (name, message) = (&self.name, message.escape_debug());
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

    fn set(&mut self, head: &Head<'_>) {
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
