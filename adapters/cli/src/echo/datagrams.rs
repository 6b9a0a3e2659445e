//! Datagrams, each of which goes back to where it came from.

use alloc::vec;

use rustix::event::{PollFd, PollFlags};
use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, Mode, UdpSocket};

use super::Echo;

/// More than any datagram holds.
const ROOM: usize = 1 << 16;

/// How many datagrams are sent back before others have their turn.
const TURN: usize = 64;

/// Ports below are those of services. Another echo among them would answer for ever.
const FIRST_CLIENT_PORT: u16 = 1024;

/// A UDP socket.
pub(super) struct Datagrams {
    socket: UdpSocket,
    buffer: Box<[u8]>,
}

impl Datagrams {
    pub(super) fn new(socket: UdpSocket) -> Result<Self, Error> {
        socket.set_mode(Mode::NonBlocking)?;
        Ok(Self { socket, buffer: vec![0; ROOM].into_boxed_slice() })
    }

    fn turn(&mut self) -> Result<(), Error> {
        for _ in 0..TURN {
            let Attempt::Done((message, from)) = self.socket.recv_from(&mut self.buffer)? else { break };
            if from.port() >= FIRST_CLIENT_PORT {
                // One for which there is no room now is lost, as datagrams are.
                let _ = self.socket.send_to(&self.buffer[..message.length], &from)?;
            }
        }
        Ok(())
    }
}

impl Echo for Datagrams {
    fn watch<'a>(&'a self, watched: &mut Vec<PollFd<'a>>) {
        watched.push(PollFd::new(&self.socket, PollFlags::IN));
    }

    fn handle(&mut self, ready: &mut vec::IntoIter<PollFlags>) -> bool {
        let is_ready = ready.next().is_some_and(|flags| !flags.is_empty());
        // An address that cannot be reached is one datagram's fault.
        !is_ready || self.turn().is_ok()
    }

    fn stop(&mut self) -> bool {
        true
    }
}
