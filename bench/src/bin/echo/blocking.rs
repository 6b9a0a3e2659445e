//! A thread for each connection that blocks: our sockets, and those of the standard library.

use std::io::{self, Read, Write};
use std::{net, os::unix, thread};

use wirenut_linux::socket::{Attempt, ByteStream, Connected, Listening, Mode, Received, Socket, UdpSocket};

use crate::{DATAGRAM_ROOM, ROOM, Result};

pub(crate) fn streams<P: ByteStream + Send + 'static>(listener: &Socket<P, Listening>) -> Result<()> {
    loop {
        if let Attempt::Done((socket, _)) = listener.accept(Mode::Blocking)? {
            thread::spawn(move || stream(&socket));
        }
    }
}

fn stream<P: ByteStream>(mut socket: &Socket<P, Connected>) -> io::Result<()> {
    let mut buffer = [0; ROOM];
    while let Received::Data(count) = socket.recv(&mut buffer)? {
        socket.write_all(&buffer[..count])?;
    }
    Ok(())
}

pub(crate) fn datagrams(socket: &UdpSocket) -> Result<()> {
    let mut buffer = vec![0; DATAGRAM_ROOM];
    loop {
        if let Attempt::Done((message, from)) = socket.recv_from(&mut buffer)? {
            let _ = socket.send_to(&buffer[..message.length], &from)?;
        }
    }
}

pub(crate) fn std_tcp(listener: &net::TcpListener) -> Result<()> {
    loop {
        let (socket, _) = listener.accept()?;
        thread::spawn(move || std_stream(socket));
    }
}

pub(crate) fn std_unix(listener: &unix::net::UnixListener) -> Result<()> {
    loop {
        let (socket, _) = listener.accept()?;
        thread::spawn(move || std_stream(socket));
    }
}

fn std_stream(mut socket: impl Read + Write) -> io::Result<()> {
    let mut buffer = [0; ROOM];
    loop {
        match socket.read(&mut buffer)? {
            0 => return Ok(()),
            count => socket.write_all(&buffer[..count])?,
        }
    }
}

pub(crate) fn std_udp(socket: &net::UdpSocket) -> Result<()> {
    let mut buffer = vec![0; DATAGRAM_ROOM];
    loop {
        let (count, from) = socket.recv_from(&mut buffer)?;
        socket.send_to(&buffer[..count], from)?;
    }
}
