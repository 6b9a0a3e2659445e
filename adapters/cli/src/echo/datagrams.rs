//! Datagrams, each of which goes back to where it came from, unless that looks like another echo.

use alloc::vec;
use std::time::Instant;

use wirenut_linux::Error;
use wirenut_linux::socket::{Attempt, Mode, UdpSocket};

use super::repeats::{self, MAX, Repeats, Verdict};
use super::watched::{Watched, Watcher};
use super::{Echo, LISTENER, token};

/// More than any datagram holds.
const ROOM: usize = 1 << 16;

/// How many datagrams are sent back before others have their turn.
const TURN: usize = 64;

/// Ports below are those of services. Another echo among them, or a service that answers anything, would answer for ever.
const FIRST_CLIENT_PORT: u16 = 1024;

/// A UDP socket.
pub(super) struct Datagrams {
    socket: Watched<UdpSocket>,
    buffer: Box<[u8]>,
    repeats: Repeats,
    begun: Instant,
}

impl Datagrams {
    pub(super) fn new(socket: UdpSocket, number: usize, poller: &mut impl Watcher) -> Result<Self, Error> {
        socket.set_mode(Mode::NonBlocking)?;
        let socket = Watched::new(socket, token(number, LISTENER), poller)?;
        let buffer = vec![0; ROOM].into_boxed_slice();
        Ok(Self { socket, buffer, repeats: Repeats::new()?, begun: Instant::now() })
    }

    fn turn(&mut self) -> Result<(), Error> {
        let socket = &self.socket.source;
        for _ in 0..TURN {
            let Attempt::Done((message, from)) = socket.recv_from(&mut self.buffer)? else { break };
            if from.port() < FIRST_CLIENT_PORT {
                continue;
            }
            let datagram = &self.buffer[..message.length];
            match self.repeats.count(&from, datagram, self.begun.elapsed()) {
                // One for which there is no room now is lost, as datagrams are.
                Verdict::Send => drop(socket.send_to(datagram, &from)?),
                Verdict::KeepFirst => {
                    let seconds = repeats::WINDOW.as_secs();
                    log::warn!(
                        "{from}: the same datagram came {MAX} times in {seconds} s, and is not sent back any more: another echo?"
                    );
                }
                Verdict::Keep => {}
            }
        }
        Ok(())
    }
}

impl<P: Watcher> Echo<P> for Datagrams {
    fn handle(&mut self, _: usize, _: &mut P) -> Result<(), Error> {
        // An address that cannot be reached is one datagram's fault. What is left is told again.
        let _ = self.turn();
        Ok(())
    }

    fn stop(&mut self, _: &mut P) -> Result<(), Error> {
        Ok(())
    }

    fn is_done(&self) -> bool {
        true
    }
}
