//! One connection: what was received and not yet sent back.

use std::net::Shutdown;

use rustix::event::PollFlags;
use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, ByteStream, Connected, Received, Socket};

/// How many bytes are received at a time.
const ROOM: usize = 16 * 1024;

/// A connection, and its buffer.
#[derive(Debug)]
pub(super) struct Connection<P: ByteStream> {
    pub(super) socket: Socket<P, Connected>,
    buffer: Box<[u8; ROOM]>,
    /// The part of the buffer that is still to be sent.
    start: usize,
    end: usize,
}

impl<P: ByteStream> Connection<P> {
    /// The socket must not block.
    pub(super) fn new(socket: Socket<P, Connected>) -> Self {
        Self { socket, buffer: Box::new([0; ROOM]), start: 0, end: 0 }
    }

    /// It waits to send, and else to receive.
    pub(super) const fn interest(&self) -> PollFlags {
        if self.is_empty() { PollFlags::IN } else { PollFlags::OUT }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Sends and receives once each. False at the end of the connection.
    pub(super) fn turn(&mut self) -> Result<bool, Error> {
        if self.is_empty() {
            match self.socket.recv(&mut self.buffer[..])? {
                Received::Data(count) => (self.start, self.end) = (0, count),
                Received::WouldBlock => return Ok(true),
                Received::End => {
                    // Nothing is left to be received, so closing breaks nothing off.
                    self.socket.shutdown(Shutdown::Write)?;
                    return Ok(false);
                }
            }
        }
        if let Attempt::Done(count) = self.socket.send(&self.buffer[self.start..self.end])? {
            self.start += count;
        }
        Ok(true)
    }
}
