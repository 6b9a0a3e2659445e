//! Connections as jobs, each for a thread or process of its own.

use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Instant;
use wirenut_linux::Error;
use wirenut_linux::socket::{AnyAddress, AnyByteStream, AnyListener, Attempt, Mode};

use super::job::{Job, Source, Task, TurnAway};
use crate::board::Seat;
use crate::work::{Refuser, Work};

/// A connection that was accepted, and does not block.
pub(crate) struct Accepted {
    pub(crate) stream: AnyByteStream,
    pub(crate) peer: AnyAddress,
}

impl Job for Accepted {
    fn peer(&self) -> &AnyAddress {
        &self.peer
    }
}

/// A listening socket.
pub(crate) struct Listener(pub(crate) AnyListener);

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Source for Listener {
    type Job = Accepted;

    fn take(&self) -> Result<Attempt<Accepted>, Error> {
        Ok(self.0.accept(Mode::NonBlocking)?.map(|(stream, peer)| Accepted { stream, peer }))
    }

    fn has_waiting(&self) -> bool {
        self.0.has_waiting().unwrap_or(false)
    }
}

/// Work as what is done with each connection.
pub(super) struct Connections<'w, W>(pub(super) &'w W);

impl<W: Work + Sync> Task<Accepted> for Connections<'_, W> {
    fn verify(&self, job: &Accepted, seat: &Seat) -> bool {
        self.0.verify(&job.peer, seat)
    }

    fn run(&self, job: Accepted, seat: Seat) -> Result<(), Error> {
        self.0.serve_one(job.stream, seat)
    }
}

impl TurnAway<Accepted> for Box<dyn Refuser + '_> {
    fn turn_away(&mut self, job: Accepted) -> Result<(), Error> {
        self.refuse(job.stream)
    }

    fn run(&mut self) -> Result<(), Error> {
        (**self).run()
    }

    fn due(&self) -> Option<Instant> {
        self.poll_timeout()
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        (**self).readable()
    }

    fn abandon(&mut self) {
        (**self).abandon();
    }
}
