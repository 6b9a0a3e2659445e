//! A wirenut service that answers as the canned server does: what a request costs beyond moving bytes.

use core::convert::Infallible;

use wirenut::http::{Field, Head, Response, Status, WriteError};
use wirenut::service::{Answer, Service, Step};
use wirenut_linux::{Config, Server};

struct Hello;

const FIELDS: &[Field<'static>] = &[Field::new("Server", "wirenut"), Field::new("Content-Type", "text/plain")];

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &Head<'_>, answer: &mut Answer<'_>) -> Result<((), Step), WriteError> {
        answer.send(&Response::new(Status::OK).with_fields(FIELDS), b"Hello, World!")?;
        Ok(((), Step::Done))
    }
}

fn main() {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: hello ADDR:PORT");
        std::process::exit(2);
    };
    if let Err(error) = serve(&address) {
        eprintln!("hello: {error}");
        std::process::exit(1);
    }
}

fn serve(address: &str) -> Result<(), Box<dyn core::error::Error>> {
    // Enough for the measurement of idle connections.
    let config = Config { max_connections: 1 << 20, ..Config::DEFAULT };
    let mut server = Server::bind(address, config)?;
    server.stop_on_signals()?;
    println!("http://{}/", server.local_addr());
    server.run(&Hello)?;
    Ok(())
}
