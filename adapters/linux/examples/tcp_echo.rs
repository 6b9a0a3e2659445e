//! Sends back what comes over TCP, one connection after the other.
//!
//! `tcp_echo 127.0.0.1:7007`, and elsewhere `nc 127.0.0.1 7007`.

use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, Mode, Received, TcpListener, TcpStream};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let listener = TcpListener::bind(&std::env::args().nth(1).ok_or("where?")?.parse()?)?;
    println!("{}", listener.local_address()?);
    while let Attempt::Done((stream, peer)) = listener.accept(Mode::Blocking)? {
        if let Err(error) = echo(&stream) {
            eprintln!("{peer}: {error}");
        }
    }
    Ok(())
}

/// Until the peer ends its direction.
fn echo(stream: &TcpStream) -> Result<(), Error> {
    let mut bytes = [0; 4096];
    while let Received::Data(count) = stream.recv(&mut bytes)? {
        let mut rest = &bytes[..count];
        while let Attempt::Done(sent @ 1..) = stream.send(rest)? {
            rest = &rest[sent..];
        }
    }
    Ok(())
}
