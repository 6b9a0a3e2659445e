//! A service with a flaw: what a panic costs is the connection on which it happens.
//!
//! `cargo run --release --example panicking 127.0.0.1:8080`, then ask for `/`, `/before` and `/within`.

use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{RequestHead, Response, Status, WriteError};
use wirenut_server::{Config, Model, Server};

struct Flawed;

impl Service for Flawed {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        assert!(head.target.path() != b"/before", "a flaw");
        let response = Response::new(Status::OK);
        if head.target.path() == b"/within" {
            responder.respond(&response.with_length(100))?;
            responder.fill_body(|_| panic!("a flaw"))?;
        }
        responder.send(&response, b"fine\n")?;
        Ok(((), Step::Done))
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let address = std::env::args().nth(1).ok_or("usage: panicking ADDR:PORT")?;
    let model = Model::Multiplexed { workers: std::thread::available_parallelism()? };
    let mut server = Server::bind(address.as_str(), Config { model, ..Config::DEFAULT })?;
    server.stop_on_signals()?;
    println!("http://{}/", server.address());
    let report = server.run(&Flawed)?;
    println!("{} connections, {} panics", report.accepted, report.panics);
    Ok(())
}
