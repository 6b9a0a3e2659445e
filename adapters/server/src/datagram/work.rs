//! A handler as what is done with each datagram.

use std::io;

use wirenut_linux::Error;
use wirenut_linux::socket::{AnyAddress, AnyDatagramSocket, Attempt};

use super::DatagramHandler;
use super::socket::Datagram;
use crate::board::Seat;
use crate::chores::Chores;
use crate::crew::{Job, Task};
use crate::panics;

/// A handler, and the socket for its replies.
pub(super) struct Handling<'h, H: ?Sized> {
    pub(super) handler: &'h H,
    pub(super) socket: AnyDatagramSocket,
}

impl<H: DatagramHandler + ?Sized> Handling<'_, H> {
    pub(super) fn chores(&self, seat: &Seat) -> Chores<'_> {
        let seat = seat.clone();
        Chores::new(self.handler.service_interval(), move || {
            self.caught(&seat, None, || self.handler.service_actions());
        })
    }

    /// Calls the handler. None: it has panicked.
    fn caught<R>(&self, seat: &Seat, peer: Option<&AnyAddress>, call: impl FnOnce() -> R) -> Option<R> {
        let outcome = panics::catch(call);
        outcome.map_err(|panic| panics::log(panic, "the handler of datagrams panicked", peer, seat)).ok()
    }

    fn handle(&self, Datagram { bytes, peer, .. }: &Datagram) {
        let replied = self.handler.handle(bytes, peer).and_then(|reply| match reply {
            None => Ok(()),
            Some(reply) => match self.socket.send_to(&reply, peer)? {
                Attempt::Done(()) => Ok(()),
                Attempt::WouldBlock => Err(io::Error::new(io::ErrorKind::WouldBlock, "no room for a reply")),
            },
        });
        if let Err(error) = replied {
            self.handler.failed(peer, &error);
        }
    }
}

impl<H: DatagramHandler + Sync + ?Sized> Task<Datagram> for Handling<'_, H> {
    fn verify(&self, job: &Datagram, seat: &Seat) -> bool {
        let verify = || {
            if job.length > job.bytes.len() {
                self.handler.too_long(&job.peer, job.length);
                return false;
            }
            self.handler.verify(&job.bytes, &job.peer)
        };
        self.caught(seat, Some(job.peer()), verify).unwrap_or(false)
    }

    fn run(&self, job: Datagram, seat: Seat) -> Result<(), Error> {
        seat.counts().accepted.add(1);
        self.caught(&seat, Some(job.peer()), || self.handle(&job));
        Ok(())
    }
}
