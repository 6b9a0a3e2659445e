//! Sends back what comes, under the server model that its second argument names.

use std::num::NonZeroUsize;

use wirenut_server::handler::Stream;
use wirenut_server::{Config, Error, Model, Server};

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:7007".into());
    let name = arguments.next().unwrap_or("threading".into());
    let model = NonZeroUsize::new(40).and_then(|count| Model::by_name(&name, count)).expect("the name of a model");
    let mut server = Server::bind(address, Config { model, ..Config::DEFAULT })?;
    server.stop_on_signals()?;
    let echo = |stream: &Stream| std::io::copy(&mut &*stream, &mut &*stream).map(drop);
    server.run_handler(&echo).map(drop)
}
