//! One connection: what was received and not yet sent back.

use std::net::Shutdown;

use wirenut_linux::Error;
use wirenut_linux::poller::Interest;
use wirenut_linux::socket::{Attempt, ByteStream, Connected, Received, Socket};

use super::watched::{Watched, Watcher};

/// How many bytes are received at a time.
const ROOM: usize = 16 * 1024;

/// A connection, and its buffer.
#[derive(Debug)]
pub(super) struct Connection<S: ByteStream> {
    pub(super) socket: Watched<Socket<S, Connected>>,
    buffer: Box<[u8; ROOM]>,
    /// The part of the buffer that is still to be sent.
    start: usize,
    end: usize,
}

impl<S: ByteStream> Connection<S> {
    /// The socket must not block.
    pub(super) fn new(socket: Watched<Socket<S, Connected>>) -> Self {
        Self { socket, buffer: Box::new([0; ROOM]), start: 0, end: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Sends and receives once each, then waits to send, or else to receive. False at the end of the connection.
    pub(super) fn turn(&mut self, poller: &mut impl Watcher) -> Result<bool, Error> {
        let socket = &self.socket.source;
        if self.is_empty() {
            match socket.recv(&mut self.buffer[..])? {
                Received::Data(count) => (self.start, self.end) = (0, count),
                Received::WouldBlock => return Ok(true),
                Received::End => {
                    // Nothing is left to be received, so closing breaks nothing off.
                    socket.shutdown(Shutdown::Write)?;
                    return Ok(false);
                }
            }
        }
        if let Attempt::Done(count) = socket.send(&self.buffer[self.start..self.end])? {
            self.start += count;
        }
        let interest = if self.is_empty() { Interest::READABLE } else { Interest::WRITABLE };
        self.socket.set_interest(interest, poller)?;
        Ok(true)
    }
}
