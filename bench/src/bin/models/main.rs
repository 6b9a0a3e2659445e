//! One service under the model that is asked for: what a model costs.
//!
//! `GET /` is answered as the canned server does it, `GET /slow` after a handler that blocks for 20 ms.

mod arguments;

use core::convert::Infallible;
use core::time::Duration;
use std::thread;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, RequestHead, Response, Status, WriteError};
use wirenut_server::{Config, Server};

/// How long a handler blocks.
const SLOW: Duration = Duration::from_millis(20);

const FIELDS: &[Field<'static>] = &[Field::new("Server", "wirenut"), Field::new("Content-Type", "text/plain")];

struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        if head.target.path() == b"/slow" {
            thread::sleep(SLOW);
        }
        responder.send(&Response::new(Status::OK).with_fields(FIELDS), b"Hello, World!")?;
        Ok(((), Step::Done))
    }
}

fn main() {
    let Some((address, model)) = arguments::parse(std::env::args().skip(1)) else {
        eprintln!("usage: models ADDR:PORT iterative|forking|threading|pre-forked|pre-threaded|multiplexed [COUNT]");
        std::process::exit(2);
    };
    let config = Config { model, max_connections: 1 << 20, ..Config::DEFAULT };
    let serve = || {
        let mut server = Server::bind(&*address, config)?;
        server.stop_on_signals()?;
        server.run(&Hello)
    };
    if let Err(error) = serve() {
        eprintln!("models: {error}");
        std::process::exit(1);
    }
}
