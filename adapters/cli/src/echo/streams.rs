//! A listener, and its connections.

use alloc::vec;

use rustix::event::{PollFd, PollFlags};
use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, ByteStream, Listening, Mode, Socket};

use super::Echo;
use super::connection::Connection;

/// Connections of bytes, so many at most: the others wait to be accepted.
pub(super) struct Streams<P: ByteStream> {
    listener: Option<Socket<P, Listening>>,
    connections: Vec<Connection<P>>,
    most: usize,
    /// The system had no room for another connection.
    is_paused: bool,
}

impl<P: ByteStream> Streams<P> {
    pub(super) fn new(listener: Socket<P, Listening>, most: u16) -> Result<Self, Error> {
        listener.set_mode(Mode::NonBlocking)?;
        Ok(Self { listener: Some(listener), connections: Vec::new(), most: most.into(), is_paused: false })
    }

    fn listener(&self) -> Option<&Socket<P, Listening>> {
        self.listener.as_ref().filter(|_| self.connections.len() < self.most && !self.is_paused)
    }

    fn accept(&mut self) -> Result<(), Error> {
        while let Some(listener) = self.listener() {
            match listener.accept(Mode::NonBlocking)? {
                Attempt::Done((socket, _)) => self.connections.push(Connection::new(socket)),
                Attempt::WouldBlock => break,
            }
        }
        Ok(())
    }
}

impl<P: ByteStream> Echo for Streams<P> {
    fn watch<'a>(&'a self, watched: &mut Vec<PollFd<'a>>) {
        watched.extend(self.connections.iter().map(|each| PollFd::new(&each.socket, each.interest())));
        watched.extend(self.listener().map(|listener| PollFd::new(listener, PollFlags::IN)));
    }

    fn handle(&mut self, ready: &mut vec::IntoIter<PollFlags>) -> bool {
        // As it was when the descriptors were gathered.
        let has_listener = self.listener().is_some();
        self.connections.retain_mut(|connection| {
            let is_ready = ready.next().is_some_and(|flags| !flags.is_empty());
            // What happens on a connection ends that connection: the peer is gone.
            !is_ready || connection.turn().unwrap_or(false)
        });
        let is_ready = has_listener && ready.next().is_some_and(|flags| !flags.is_empty());
        // What fails here is the system's lack of something, and passes.
        self.is_paused = is_ready && self.accept().is_err();
        !self.is_paused
    }

    fn stop(&mut self) -> bool {
        if self.listener.take().is_some() {
            // What has come before is still sent back.
            self.connections.retain_mut(|connection| connection.turn().unwrap_or(false));
        }
        self.connections.retain(|connection| !connection.is_empty());
        self.connections.is_empty()
    }
}
