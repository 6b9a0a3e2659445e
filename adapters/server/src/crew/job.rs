//! What comes, one by one, and who is there for it.

use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Instant;
use wirenut_linux::Error;
use wirenut_linux::poller::Poll;
use wirenut_linux::socket::{AnyAddress, Attempt};

use crate::board::Seat;

/// Something that has come and is to be done: a connection, a datagram.
pub(crate) trait Job: Send {
    /// Whose it is.
    fn peer(&self) -> &AnyAddress;
}

/// Where jobs come from: a socket that does not block.
pub(crate) trait Source: AsFd + Send {
    /// What comes.
    type Job: Job;

    /// The next one that waits.
    fn take(&self) -> Result<Attempt<Self::Job>, Error>;

    /// Does one wait?
    fn has_waiting(&self) -> bool;
}

/// What is done with each.
pub(crate) trait Task<J>: Sync {
    /// Is this one to be done at all?
    fn verify(&self, job: &J, seat: &Seat) -> bool;

    /// Does it, in a thread or process of its own.
    fn run(&self, job: J, seat: Seat) -> Result<(), Error>;
}

/// Who tells those whose jobs are not done, beside all else that the acceptor waits for: as a
/// [`Refuser`](crate::work::Refuser).
pub(crate) trait TurnAway<J> {
    fn turn_away(&mut self, job: J) -> Result<(), Error>;
    fn run(&mut self) -> Result<(), Error>;
    fn due(&self) -> Option<Instant>;
    fn readable(&self) -> Option<BorrowedFd<'_>>;
    fn abandon(&mut self);
}

/// Who does it: threads or processes, known by slot.
pub(super) trait Crew<J> {
    /// Has one begin. Processes call `leave` first: it closes what is not theirs. If there can be no other one, the job
    /// comes back.
    fn start(
        &mut self,
        slot: u32,
        job: J,
        seat: Seat,
        poller: &mut Poll,
        leave: &mut dyn FnMut(),
    ) -> Result<(), (Error, J)>;

    /// Those who have ended since this was asked last. `ready`: slots of which the poller tells something.
    fn take_ended(&mut self, ready: impl Iterator<Item = u32>, poller: &mut Poll) -> Vec<u32>;

    /// Ends whoever is left, if that can be done.
    fn kill_all(&mut self);
}

/// Jobs that nobody misses: nobody is told.
impl<J> TurnAway<J> for () {
    fn turn_away(&mut self, job: J) -> Result<(), Error> {
        drop(job);
        Ok(())
    }

    fn run(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn abandon(&mut self) {}
}
