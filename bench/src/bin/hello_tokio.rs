//! A wirenut service over tokio, on one thread, that answers as the canned server does: what tokio costs beyond epoll.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, RequestHead, Response, Status, WriteError};
use wirenut::readiness::Policy;
use wirenut_embedded_io::{TokioConfig, TokioListener};

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

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: hello_tokio ADDR:PORT [MAX-CONNECTIONS]")?;
    let slots = arguments.next().map_or(Ok(10_000), |slots| slots.parse())?;
    let config = TokioConfig { policy: Policy { slots, ..TokioConfig::DEFAULT.policy }, ..TokioConfig::DEFAULT };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = std::net::TcpListener::bind(address)?;
        let server = TokioListener::new(listener, config)?;
        server.serve(&Hello, core::future::pending(), |failure| eprintln!("{failure}")).await;
        Ok(())
    })
}
