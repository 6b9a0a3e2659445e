//! The smallest service, and a host for it.

use core::convert::Infallible;
use core::net::SocketAddr;
use core::task::Waker;

use wirenut::http::service::{Host, Responder, Service, Step};
use wirenut::http::{RequestHead, Response, Status, WriteError};

use crate::BUFFER;

/// Says hello to whatever is asked.
pub struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        responder.send(&Response::new(Status::OK), b"Hello, world\n")?;
        Ok(((), Step::Done))
    }
}

/// A host that nobody wakes.
pub struct Alone;

impl Host for Alone {
    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    fn peer(&self) -> Option<SocketAddr> {
        None
    }

    fn output_capacity(&self) -> usize {
        BUFFER
    }
}
