//! Sends a file to the first who connects, and receives one: its length as eight bytes, big-endian, and its bytes.
//!
//! `file_transfer send FILE 127.0.0.1:7007`, and elsewhere `file_transfer receive FILE 127.0.0.1:7007`.

use std::fs::File;
use std::io::{Read, Write, copy};
use std::net::Shutdown;

use wirenut_linux::lookup;
use wirenut_linux::socket::{Mode, Received, TcpListener, TcpStream};

type Outcome = Result<(), Box<dyn core::error::Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["send", file, address] => send(file, address),
        ["receive", file, address] => receive(file, address),
        _ => Err("file_transfer send|receive FILE ADDRESS:PORT".into()),
    }
}

fn send(file: &str, address: &str) -> Outcome {
    let file = File::open(file)?;
    let length = file.metadata()?.len();
    let listener = TcpListener::bind(&lookup::address_from_text(address)?)?;
    println!("{}", listener.local_address()?);
    let (mut stream, _) = listener.accept(Mode::Blocking)?.done().ok_or("nobody came")?;
    stream.write_all(&length.to_be_bytes())?;
    copy(&mut (&file).take(length), &mut stream)?;
    stream.shutdown(Shutdown::Write)?;
    // The peer ends when it has all: only then is it known that it arrived.
    match stream.recv(&mut [0])? {
        Received::End => Ok(()),
        Received::Data(_) | Received::WouldBlock => Err("the peer talks back".into()),
    }
}

fn receive(file: &str, address: &str) -> Outcome {
    let mut stream = TcpStream::connect(&lookup::address_from_text(address)?)?;
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let length = u64::from_be_bytes(length);
    let mut file = File::create_new(file)?;
    let received = copy(&mut (&stream).take(length), &mut file)?;
    file.sync_all()?;
    if received == length { Ok(()) } else { Err(format!("cut after {received} of {length} bytes").into()) }
}
