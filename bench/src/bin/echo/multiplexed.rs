//! One thread, our sockets and our epoll.

use std::os::fd::AsFd;

use wirenut_linux::Error;
use wirenut_linux::poller::{Epoll, Interest, Poller, Token};
use wirenut_linux::socket::{Attempt, Batch, ByteStream, Connected, Listening, Mode, Received, Socket, UdpSocket};

use crate::{DATAGRAM_ROOM, ROOM, Result};

const LISTENER: Token = Token(u64::MAX);

/// How many datagrams are received and sent together: as many as one call takes.
const TOGETHER: usize = 64;

struct Connection<P: ByteStream> {
    socket: Socket<P, Connected>,
    buffer: Box<[u8; ROOM]>,
    /// The part of the buffer that is still to be sent.
    start: usize,
    end: usize,
    watched: Interest,
}

impl<P: ByteStream> Connection<P> {
    /// Receives and sends once each. False at the end.
    fn turn(&mut self) -> core::result::Result<bool, Error> {
        if self.start == self.end {
            match self.socket.recv(&mut self.buffer[..])? {
                Received::Data(count) => (self.start, self.end) = (0, count),
                Received::WouldBlock => return Ok(true),
                Received::End => return Ok(false),
            }
        }
        if let Attempt::Done(count) = self.socket.send(&self.buffer[self.start..self.end])? {
            self.start += count;
        }
        Ok(true)
    }

    const fn interest(&self) -> Interest {
        if self.start == self.end { Interest::READABLE } else { Interest::WRITABLE }
    }
}

pub(crate) fn streams<P: ByteStream>(listener: &Socket<P, Listening>) -> Result<()> {
    listener.set_mode(Mode::NonBlocking)?;
    let mut poller = Epoll::new()?;
    poller.register(listener.as_fd(), LISTENER, Interest::READABLE)?;
    // A place is not used again: a server lives for one load.
    let mut connections: Vec<Option<Connection<P>>> = Vec::new();
    loop {
        let _ = poller.wait(None)?;
        while let Some(event) = poller.next_event() {
            if event.token == LISTENER {
                accept(listener, &mut poller, &mut connections)?;
                continue;
            }
            let place = &mut connections[event.token.0 as usize];
            let Some(connection) = place else { continue };
            if !connection.turn()? {
                poller.deregister(connection.socket.as_fd(), event.token)?;
                *place = None;
                continue;
            }
            let interest = connection.interest();
            if interest != connection.watched {
                poller.modify(connection.socket.as_fd(), event.token, interest)?;
                connection.watched = interest;
            }
        }
    }
}

fn accept<P: ByteStream>(
    listener: &Socket<P, Listening>,
    poller: &mut Epoll,
    connections: &mut Vec<Option<Connection<P>>>,
) -> Result<()> {
    while let Attempt::Done((socket, _)) = listener.accept(Mode::NonBlocking)? {
        poller.register(socket.as_fd(), Token(connections.len() as u64), Interest::READABLE)?;
        let buffer = Box::new([0; ROOM]);
        connections.push(Some(Connection { socket, buffer, start: 0, end: 0, watched: Interest::READABLE }));
    }
    Ok(())
}

pub(crate) fn datagrams(socket: &UdpSocket) -> Result<()> {
    let mut buffer = vec![0; DATAGRAM_ROOM];
    when_readable(socket, || {
        while let Attempt::Done((message, from)) = socket.recv_from(&mut buffer)? {
            let _ = socket.send_to(&buffer[..message.length], &from)?;
        }
        Ok(())
    })
}

pub(crate) fn batches(socket: &UdpSocket) -> Result<()> {
    let mut batch = Batch::new(TOGETHER, DATAGRAM_ROOM);
    when_readable(socket, || {
        // The poller tells again where more is left than one call takes.
        if let Attempt::Done(_) = socket.recv_batch(&mut batch)? {
            let answers: Vec<_> = batch.iter().map(|(bytes, _, from)| (bytes, from)).collect();
            let _ = socket.send_batch(&answers)?;
        }
        Ok(())
    })
}

fn when_readable(socket: &UdpSocket, mut turn: impl FnMut() -> Result<()>) -> Result<()> {
    socket.set_mode(Mode::NonBlocking)?;
    let mut poller = Epoll::new()?;
    poller.register(socket.as_fd(), LISTENER, Interest::READABLE)?;
    loop {
        let _ = poller.wait(None)?;
        while poller.next_event().is_some() {
            turn()?;
        }
    }
}
