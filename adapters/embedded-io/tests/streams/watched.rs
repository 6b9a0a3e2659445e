//! The reference service, watched: every exchange is closed exactly once.

use core::cell::RefCell;
use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Error, Fields, RequestHead, WriteError};
use wirenut_reference::{Exchange, MemoryDevice, Reference};

/// Notes how exchanges end.
#[derive(Default)]
pub(crate) struct Watched {
    inner: Reference<MemoryDevice>,
    begun: RefCell<usize>,
    closed: RefCell<Vec<Result<(), Error>>>,
}

impl Watched {
    /// How the exchanges ended, in their order.
    ///
    /// # Panics
    /// If one did not, or did twice.
    pub(crate) fn closed(self) -> Vec<Result<(), Error>> {
        assert_eq!(self.closed.borrow().len(), *self.begun.borrow(), "not each exchange was closed once");
        self.closed.into_inner()
    }
}

impl Service for Watched {
    type Exchange = Exchange;
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<(Exchange, Step), WriteError> {
        let begun = self.inner.request(head, responder)?;
        assert_eq!(self.closed.borrow().len(), *self.begun.borrow(), "another exchange is in flight");
        *self.begun.borrow_mut() += 1;
        Ok(begun)
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        self.inner.body(exchange, piece, responder)
    }

    fn end(
        &self,
        exchange: &mut Exchange,
        fields: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        self.inner.end(exchange, fields, responder)
    }

    fn proceed(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.inner.proceed(exchange, responder)
    }

    fn closed(&self, exchange: Exchange, outcome: Result<(), Error>) {
        self.closed.borrow_mut().push(outcome);
        assert_eq!(self.closed.borrow().len(), *self.begun.borrow(), "closed twice");
        self.inner.closed(exchange, outcome);
    }
}
