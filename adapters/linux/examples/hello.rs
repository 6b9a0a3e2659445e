//! What the README shows, to the letter: a test compares the two, and runs this.

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, RequestHead, Response, Status, WriteError};
use wirenut_linux::{Config, Server};

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

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut server = Server::bind("127.0.0.1:0", Config::DEFAULT)?;
    server.stop_on_signals()?;
    println!("http://{}/", server.local_addr());
    server.run(&Hello)?;
    Ok(())
}
