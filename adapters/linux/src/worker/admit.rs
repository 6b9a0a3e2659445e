//! Who comes in, and who has to go for that: what [`Admission`](wirenut::readiness::Admission) says, done.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsFd;

use wirenut::readiness::{Interest, Link, Poller, Verdict};
use wirenut::service::{Service, Session};

use super::Worker;
use crate::accept::Accepted;
use crate::connection::Connection;
use crate::error::Error;
use crate::transfer::Transfer;
use crate::turn::Outcome;

/// Who came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    Somebody,
    /// Nobody waits.
    Nobody,
    /// There is no place, or the system has no room: accepting pauses.
    Later,
}

impl<S: Service<Source: Transfer> + ?Sized> Worker<'_, S> {
    /// The listening socket has something: takes some of those who wait.
    pub(super) fn accept(&mut self) -> Result<(), Error> {
        for _ in 0..self.most_accepted {
            if self.accept_one()? != Came::Somebody {
                break;
            }
        }
        Ok(())
    }

    /// Takes one of those who wait.
    pub(super) fn accept_one(&mut self) -> Result<Came, Error> {
        loop {
            let Some(acceptor) = &mut self.acceptor else { return Ok(Came::Nobody) };
            // Who must queue stays where it is: once accepted, it is too late.
            if self.admission.verdict() == Verdict::Queue {
                acceptor.pause(&mut self.poller)?;
                return Ok(Came::Later);
            }
            match acceptor.accept(self.around.clock.now()) {
                Accepted::Stream(stream) => {
                    self.admit(stream)?;
                    return Ok(Came::Somebody);
                }
                Accepted::Lost => {}
                Accepted::Nobody => return Ok(Came::Nobody),
                Accepted::OutOf(error) => {
                    self.make_room(&error)?;
                    return Ok(Came::Later);
                }
            }
        }
    }

    /// Somebody was accepted: a place, or a refusal.
    fn admit(&mut self, stream: TcpStream) -> Result<(), Error> {
        loop {
            match self.admission.arrive() {
                Verdict::Admit => return self.begin(stream),
                Verdict::Evict(slot) => {
                    self.report.evicted += 1;
                    self.retire(slot)?;
                }
                Verdict::Refuse => {
                    self.report.refused += 1;
                    self.refused.refuse(stream, self.around.clock.now());
                    return Ok(());
                }
                // Neither is said here: who must queue was not accepted, and who stops has no listener.
                Verdict::Queue | Verdict::Close => return Ok(()),
            }
        }
    }

    /// There is a place: a session begins.
    fn begin(&mut self, stream: TcpStream) -> Result<(), Error> {
        self.report.accepted += 1;
        let session = Session::new(&self.around.context());
        let token = self.slots.insert(Connection::new(session, stream));
        let links = self.admission.links_mut();
        links.resize(links.len().max(self.slots.count() as usize), Link::NEW);
        let Some(connection) = self.slots.named(token) else { return Ok(()) };
        match self.poller.register(connection.socket.as_fd(), token.for_poller(), Interest::READABLE) {
            Ok(()) if self.drain.is_some() => self.retire_paid(token.slot),
            Ok(()) => self.after(token, Outcome::Rest),
            Err(error) => {
                log::warn!("{error}");
                self.remove(token.slot)
            }
        }
    }

    /// The system has no room for one more connection: gives up an idle one, or pauses.
    fn make_room(&mut self, error: &io::Error) -> Result<(), Error> {
        log::warn!("cannot accept a connection: {error}");
        match self.admission.longest_idle().filter(|_| self.config.evict_idle) {
            Some(slot) => {
                self.report.evicted += 1;
                self.retire(slot)
            }
            None => match &mut self.acceptor {
                Some(acceptor) => acceptor.pause(&mut self.poller),
                None => Ok(()),
            },
        }
    }

    /// Accepts again, if that was paused.
    pub(super) fn resume(&mut self) -> Result<(), Error> {
        match &mut self.acceptor {
            Some(acceptor) => acceptor.resume(&mut self.poller),
            None => Ok(()),
        }
    }

    /// Keeps the order in which connections became idle, if it is wanted.
    pub(super) fn set_idle(&mut self, slot: u32, is_idle: bool) -> Result<(), Error> {
        if !self.config.evict_idle {
            return Ok(());
        }
        if !is_idle {
            self.admission.set_busy(slot);
            return Ok(());
        }
        self.admission.set_idle(slot);
        // Somebody may wait in the queue until one is idle.
        self.resume()
    }
}
