//! What the README shows, to the letter: a test compares the two, and runs this.

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, RequestHead, Response, Status, WriteError};

struct Hello;

impl Service for Hello {
    type Exchange = (); // what the service keeps about a request in flight
    type Source = core::convert::Infallible; // bodies that the kernel moves itself: none

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        let fields = [Field::new("Content-Type", "text/plain")];
        responder.send(&Response::new(Status::OK).with_fields(&fields), b"Hello, World!\n")?;
        Ok(((), Step::Done))
    }
}

fn main() -> Result<(), wirenut_server::Error> {
    wirenut_server::serve("127.0.0.1:8080", &Hello).map(drop)
}
