//! The same over mio: the sockets of the standard library, and an epoll that is edge-triggered.

use std::io::{self, ErrorKind, Read, Write};
use std::{net, os::unix};

use mio::event::Source;
use mio::{Events, Interest, Poll, Token};

use crate::{DATAGRAM_ROOM, ROOM, Result};

const LISTENER: Token = Token(usize::MAX);

/// How many events one wait may find: as many as ours.
const MAX_EVENTS: usize = 512;

struct Connection<S> {
    socket: S,
    buffer: Box<[u8; ROOM]>,
    /// The part of the buffer that is still to be sent.
    start: usize,
    end: usize,
    watched: Interest,
}

impl<S: Read + Write> Connection<S> {
    /// Receives and sends until there is nothing more, or no room. False at the end.
    fn turn(&mut self) -> io::Result<bool> {
        loop {
            if self.start == self.end {
                match would_block(self.socket.read(&mut self.buffer[..]))? {
                    Some(0) => return Ok(false),
                    Some(count) => (self.start, self.end) = (0, count),
                    None => return Ok(true),
                }
            }
            match would_block(self.socket.write(&self.buffer[self.start..self.end]))? {
                Some(count) => self.start += count,
                None => return Ok(true),
            }
            // What leaves room in the buffer has emptied the stream, so "would block" need not be seen: epoll(7).
            if self.start == self.end && self.end < ROOM {
                return Ok(true);
            }
        }
    }

    const fn interest(&self) -> Interest {
        if self.start == self.end { Interest::READABLE } else { Interest::WRITABLE }
    }
}

fn would_block<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn tcp(listener: net::TcpListener) -> Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    streams(&mut listener, |listener| Ok(listener.accept()?.0))
}

pub(crate) fn unix(listener: unix::net::UnixListener) -> Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::UnixListener::from_std(listener);
    streams(&mut listener, |listener| Ok(listener.accept()?.0))
}

fn streams<L: Source, S: Read + Write + Source>(listener: &mut L, accept: impl Fn(&L) -> io::Result<S>) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(MAX_EVENTS);
    poll.registry().register(listener, LISTENER, Interest::READABLE)?;
    // A place is not used again: a server lives for one load.
    let mut connections: Vec<Option<Connection<S>>> = Vec::new();
    loop {
        wait(&mut poll, &mut events)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Some(mut socket) = would_block(accept(listener))? {
                    poll.registry().register(&mut socket, Token(connections.len()), Interest::READABLE)?;
                    let buffer = Box::new([0; ROOM]);
                    connections.push(Some(Connection {
                        socket,
                        buffer,
                        start: 0,
                        end: 0,
                        watched: Interest::READABLE,
                    }));
                }
                continue;
            }
            let place = &mut connections[event.token().0];
            let Some(connection) = place else { continue };
            if !connection.turn()? {
                poll.registry().deregister(&mut connection.socket)?;
                *place = None;
                continue;
            }
            let interest = connection.interest();
            if interest != connection.watched {
                poll.registry().reregister(&mut connection.socket, event.token(), interest)?;
                connection.watched = interest;
            }
        }
    }
}

pub(crate) fn udp(socket: net::UdpSocket) -> Result<()> {
    socket.set_nonblocking(true)?;
    let mut socket = mio::net::UdpSocket::from_std(socket);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(MAX_EVENTS);
    poll.registry().register(&mut socket, LISTENER, Interest::READABLE)?;
    let mut buffer = vec![0; DATAGRAM_ROOM];
    loop {
        wait(&mut poll, &mut events)?;
        while let Some((count, from)) = would_block(socket.recv_from(&mut buffer))? {
            would_block(socket.send_to(&buffer[..count], from))?;
        }
    }
}

/// A debugger or a tracer that attaches interrupts the wait.
fn wait(poll: &mut Poll, events: &mut Events) -> io::Result<()> {
    match poll.poll(events, None) {
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}
