//! A wirenut service that answers as the canned server does: what a request costs beyond moving bytes.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, RequestHead, Response, Status, WriteError};
use wirenut_server::{Config, Server};

struct Hello;

const FIELDS: &[Field<'static>] = &[Field::new("Server", "wirenut"), Field::new("Content-Type", "text/plain")];

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        responder.send(&Response::new(Status::OK).with_fields(FIELDS), b"Hello, World!")?;
        Ok(((), Step::Done))
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    // By default enough for the measurement of idle connections.
    let most = arguments.next().zip(Some(arguments.next().map_or(Ok(1 << 20), |most| most.parse())));
    let Some((address, Ok(max_connections))) = most else {
        eprintln!("usage: hello ADDR:PORT [MAX-CONNECTIONS]");
        std::process::exit(2);
    };
    if let Err(error) = serve(&address, max_connections) {
        eprintln!("hello: {error}");
        std::process::exit(1);
    }
}

fn serve(address: &str, max_connections: u32) -> Result<(), Box<dyn core::error::Error>> {
    let config = Config { max_connections, ..Config::DEFAULT };
    let mut server = Server::bind(address, config)?;
    server.stop_on_signals()?;
    println!("http://{}/", server.address());
    server.run(&Hello)?;
    Ok(())
}
