//! Answers each datagram with the time, in seconds since 1970.

use std::time::UNIX_EPOCH;

use wirenut_server::datagram::DatagramServer;
use wirenut_server::{Config, Error, Model};

fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3737".into());
    let mut server = DatagramServer::bind(address, Config { model: Model::Iterative, ..Config::DEFAULT })?;
    server.stop_on_signals()?;
    println!("{}", server.address());
    let clock = |_: &[u8], _: &_| Some(format!("{}\n", UNIX_EPOCH.elapsed().ok()?.as_secs()).into_bytes());
    server.run(&clock).map(drop)
}
