//! How the command is deployed: the units of systemd that come with it, and the program that needs nothing beside it.

mod empty_root;
mod units;

use core::net::SocketAddr;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use wirenut_tests::waiting::PATIENCE;

/// The whole answer to a GET.
fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
