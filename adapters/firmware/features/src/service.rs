//! The smallest service.

use core::convert::Infallible;

use wirenut::http::{Head, Response, Status, WriteError};
use wirenut::service::{Answer, Service, Step};

/// Says hello to whatever is asked.
pub struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &Head<'_>, answer: &mut Answer<'_>) -> Result<((), Step), WriteError> {
        answer.send(&Response::new(Status::OK), b"Hello, world\n")?;
        Ok(((), Step::Done))
    }
}
