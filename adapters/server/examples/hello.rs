//! What the README shows, to the letter: a test compares the two, and runs this.

use wirenut::http::{Field, Head, Response, Status, WriteError};
use wirenut::service::{Answer, Service, Step};
use wirenut_server::{Config, Server};

struct Hello;

impl Service for Hello {
    type Exchange = (); // what the service keeps about a request in flight
    type Source = core::convert::Infallible; // bodies that the kernel moves itself: none

    fn request(&self, _: &Head<'_>, answer: &mut Answer<'_>) -> Result<((), Step), WriteError> {
        let fields = [Field::new("Content-Type", "text/plain")];
        answer.send(&Response::new(Status::OK).with_fields(&fields), b"Hello, World!\n")?;
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
