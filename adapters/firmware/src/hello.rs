//! The smallest service: what `hello` and `hello_embassy` serve, to be compared with the canned answer.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, FieldFilter, Limits, RequestHead, Response, Status, WriteError};

/// It asks for no field, so what is kept of a head is its first line.
pub const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &[], bytes: 109 }), ..Limits::DEFAULT };

/// Says hello to whatever is asked.
pub struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        let fields = [Field::new("Content-Type", "text/plain")];
        responder.send(&Response::new(Status::OK).with_fields(&fields), b"Hello, world\n")?;
        Ok(((), Step::Done))
    }
}
