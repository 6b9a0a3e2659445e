//! The smallest service.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{RequestHead, Response, Status, WriteError};

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
