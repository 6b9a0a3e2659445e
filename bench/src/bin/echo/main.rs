//! Servers that echo, and one load for all of them. `bench/echo` runs both, and says what is compared.

mod blocking;
mod load;
mod multiplexed;
mod with_mio;

use core::error::Error;
use std::path::Path;

use load::Load;
use wirenut_linux::socket::{Socket, TcpListener, UdpSocket};

const USAGE: &str = "\
Usage: echo SERVER PROTOCOL ADDRESS                           echoes, and prints where, until it is ended
       echo load PROTOCOL ADDRESS PID IN-FLIGHT SIZE MESSAGES prints the nanoseconds that passed, and that PID ran

SERVER    wirenut, mio              one thread and a poller
          wirenut-batched           the same, which receives and sends datagrams together
          wirenut-blocking, std     a thread for each connection
PROTOCOL  tcp, udp, unix            ADDRESS is ADDR:PORT, or a path
";

/// Bytes received at a time of a stream: larger than a message of the load.
const ROOM: usize = 16 * 1024;

/// Bytes received at a time of a datagram: larger than any.
const DATAGRAM_ROOM: usize = 1 << 16;

/// Who may connect to a path: the user.
const PERMISSIONS: u32 = 0o600;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 128;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["load", protocol, address, process, in_flight, size, messages] => {
            Load::parse(process, in_flight, size, messages).map(|load| load.run(protocol, address))
        }
        [server, protocol, address] => serve(server, protocol, address),
        _ => None,
    };
    match done {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            eprintln!("echo: {error}");
            std::process::exit(1);
        }
        None => {
            eprint!("{USAGE}");
            std::process::exit(2);
        }
    }
}

/// `None` if there is no such server.
fn serve(server: &str, protocol: &str, address: &str) -> Option<Result<()>> {
    Some(match (protocol, server) {
        ("tcp", "wirenut") => tcp(address, |listener| multiplexed::streams(&listener)),
        ("tcp", "wirenut-blocking") => tcp(address, |listener| blocking::streams(&listener)),
        ("tcp", "mio") => tcp(address, |listener| with_mio::tcp(listener.into())),
        ("tcp", "std") => tcp(address, |listener| blocking::std_tcp(&listener.into())),
        ("udp", "wirenut") => udp(address, |socket| multiplexed::datagrams(&socket)),
        ("udp", "wirenut-batched") => udp(address, |socket| multiplexed::batches(&socket)),
        ("udp", "wirenut-blocking") => udp(address, |socket| blocking::datagrams(&socket)),
        ("udp", "mio") => udp(address, |socket| with_mio::udp(socket.into())),
        ("udp", "std") => udp(address, |socket| blocking::std_udp(&socket.into())),
        ("unix", "wirenut") => unix(address, |listener| multiplexed::streams(&listener)),
        ("unix", "wirenut-blocking") => unix(address, |listener| blocking::streams(&listener)),
        ("unix", "mio") => unix(address, |listener| with_mio::unix(listener.into())),
        ("unix", "std") => unix(address, |listener| blocking::std_unix(&listener.into())),
        _ => return None,
    })
}

fn tcp(address: &str, serve: impl FnOnce(TcpListener) -> Result<()>) -> Result<()> {
    let listener = TcpListener::bind(&address.parse()?)?;
    println!("tcp {}", listener.local_address()?);
    serve(listener)
}

fn udp(address: &str, serve: impl FnOnce(UdpSocket) -> Result<()>) -> Result<()> {
    let socket = UdpSocket::bind_to(&address.parse()?)?;
    println!("udp {}", socket.local_address()?);
    serve(socket)
}

fn unix(path: &str, serve: impl FnOnce(wirenut_linux::socket::UnixListener) -> Result<()>) -> Result<()> {
    let (listener, _pathname) = Socket::stream()?.listen_at(Path::new(path), PERMISSIONS, BACKLOG)?;
    println!("unix {path}");
    serve(listener)
}
