//! The service that the worlds of these tests run.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::task::Waker;

use wirenut::http::service::{Responder, Service, Step, Wakeup};
use wirenut::http::{Error, Field, Fields, RequestHead, Response, Status, WriteError};
use wirenut_reference::{Exchange, MemoryDevice, Reference};

/// Fields that an answer of `/fields` has, each of 60 bytes.
pub(super) const FIELDS: usize = 40;

/// The reference service, which counts what was begun and closed; `/latch`, which answers once the latch is open;
/// `/fields`, which answers with many of them; and `/broken`, which gives its answer up in the middle.
pub(super) struct Counted {
    inner: Reference<MemoryDevice>,
    pub(super) is_latch_open: Cell<bool>,
    /// Of those at the latch.
    pub(super) wakers: RefCell<Vec<Waker>>,
    /// How often the latch was tried, and why again.
    pub(super) tries: Cell<usize>,
    pub(super) wakeups: RefCell<Vec<Wakeup>>,
    pub(super) begun: Cell<usize>,
    pub(super) completed: Cell<usize>,
    pub(super) failed: Cell<usize>,
}

impl Counted {
    pub(super) fn new() -> Self {
        Self {
            inner: Reference { device: MemoryDevice::new() },
            is_latch_open: Cell::default(),
            wakers: RefCell::default(),
            tries: Cell::default(),
            wakeups: RefCell::default(),
            begun: Cell::default(),
            completed: Cell::default(),
            failed: Cell::default(),
        }
    }

    fn try_latch(&self, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.tries.set(self.tries.get() + 1);
        self.wakeups.borrow_mut().extend(responder.wakeup());
        if !self.is_latch_open.get() && !responder.is_draining() {
            self.wakers.borrow_mut().push(responder.waker());
            return Ok(Step::Wait(None));
        }
        responder.send(&Response::new(Status::OK), b"open")?;
        Ok(Step::Done)
    }
}

impl Service for Counted {
    /// `None` at the latch.
    type Exchange = Option<Exchange>;
    type Source = core::convert::Infallible;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        let begun = if head.target.path() == b"/latch" {
            (None, self.try_latch(responder)?)
        } else if head.target.path() == b"/fields" {
            let field = Field::new("Set-Cookie", "crumb=0123456789012345678901234567890123456789");
            responder.send(&Response::new(Status::OK).with_fields(&[field; FIELDS]), b"many")?;
            (None, Step::Done)
        } else if head.target.path() == b"/broken" {
            responder.respond(&Response::new(Status::OK).with_length(100))?;
            responder.send_body(b"the first of it")?;
            (None, Step::Abort)
        } else {
            let (exchange, step) = self.inner.request(head, responder)?;
            (Some(exchange), step)
        };
        self.begun.set(self.begun.get() + 1);
        Ok(begun)
    }

    fn body(
        &self,
        x: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        match x {
            Some(x) => self.inner.body(x, piece, responder),
            None => Ok((piece.len(), Step::More)),
        }
    }

    fn end(
        &self,
        x: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        match x {
            Some(x) => self.inner.end(x, trailers, responder),
            None => self.try_latch(responder),
        }
    }

    fn proceed(&self, x: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match x {
            Some(x) => self.inner.proceed(x, responder),
            None => self.try_latch(responder),
        }
    }

    fn closed(&self, x: Self::Exchange, outcome: Result<(), Error>) {
        let counter = if outcome.is_ok() { &self.completed } else { &self.failed };
        counter.set(counter.get() + 1);
        if let Some(x) = x {
            self.inner.closed(x, outcome);
        }
    }
}
