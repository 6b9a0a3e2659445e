//! A service with answers of several kinds.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::task::Waker;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{self, RequestHead, Response, Status, WriteError};

/// `/hello`; `/wait`, until it is released; `/begun`, an answer that never comes whole; `/panic`. Not for threads.
#[derive(Default)]
pub(super) struct Lab {
    is_released: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
    begun: Cell<u32>,
    closed: Cell<u32>,
}

impl Lab {
    pub(super) fn release(&self) {
        self.is_released.set(true);
        self.waiting.borrow_mut().drain(..).for_each(Waker::wake);
    }
}

impl Lab {
    /// Each exchange that was begun is closed.
    pub(super) fn check(&self) {
        assert_eq!(self.begun.get(), self.closed.get(), "exchanges begun and closed");
    }

    pub(super) const fn begun(&self) -> u32 {
        self.begun.get()
    }
}

impl Service for Lab {
    type Exchange = Rc<()>;
    type Source = Infallible;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        self.begun.set(self.begun.get() + 1);
        let step = match head.target.path() {
            b"/hello" => {
                responder.send(&Response::new(Status::OK), b"hello")?;
                Step::Done
            }
            b"/begun" => {
                responder.respond(&Response::new(Status::OK).with_length(100))?;
                responder.send_body(b"begun")?;
                Step::Wait(None)
            }
            b"/wait" => {
                self.waiting.borrow_mut().push(responder.waker());
                Step::Wait(None)
            }
            path => {
                // No exchange has begun.
                self.begun.set(self.begun.get() - 1);
                panic!("on purpose: {}", path.escape_ascii());
            }
        };
        Ok((Rc::new(()), step))
    }

    fn proceed(&self, _: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        if !self.is_released.get() || responder.is_responding() {
            return Ok(Step::Wait(None));
        }
        responder.send(&Response::new(Status::OK), b"waited")?;
        Ok(Step::Done)
    }

    fn closed(&self, _: Self::Exchange, _: Result<(), http::Error>) {
        self.closed.set(self.closed.get() + 1);
    }
}
