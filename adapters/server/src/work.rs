//! What the threads and processes of a server do, whatever the model: the seam between models and what is served.

use core::ops::Range;
use core::time::Duration;
use std::os::fd::BorrowedFd;

use wirenut::time::Instant;
use wirenut_linux::Error;
use wirenut_linux::socket::{AnyAddress, AnyByteStream, AnyListener};

use crate::board::Seat;
use crate::places::Places;

/// What one thread or process of a server does. A model decides who does it, and how often.
pub(crate) trait Work {
    /// May it serve more than one connection at a time?
    const MULTIPLEXES: bool;

    /// Takes connections from the listening socket and serves them, until it is told to stop and they have ended.
    ///
    /// # Errors
    /// The system has no resources to begin with, or is broken.
    fn serve_all(&self, queue: Queue<'_>, seat: Seat) -> Result<(), Error>;

    /// Serves one connection, which must not block, until it has ended: earlier than by itself if the seat's owner is told to
    /// stop, or to give way. It says in the seat what the connection is doing, and counts it as accepted.
    ///
    /// # Errors
    /// As [`Self::serve_all`].
    fn serve_one(&self, stream: AnyByteStream, seat: Seat) -> Result<(), Error>;

    /// What answers those for whom there is no place, for whoever accepts connections for others. The seat is that of the
    /// thread that drives it: refusals are counted there, and its wishes to stop are left to that thread.
    ///
    /// # Errors
    /// No descriptor is left.
    fn refuser(&self, seat: Seat) -> Result<Box<dyn Refuser + '_>, Error>;

    /// Is this peer served at all? Asked by who has accepted it, before it has a thread or process of its own.
    fn verify(&self, _peer: &AnyAddress, _seat: &Seat) -> bool {
        true
    }

    /// How often the one who accepts does its chores. None: never.
    fn chore_interval(&self) -> Option<Duration> {
        None
    }

    /// What the host wants to have done now and then.
    fn do_chores(&self, _seat: &Seat) {}
}

/// Tells connections that there is no place for them, in whatever is spoken, and lets them linger: a bounded number, of
/// which the oldest one goes first. Dropping it closes them.
///
/// It never waits: its owner [runs](Self::run) it when [`Self::readable`] is, and when [`Self::poll_timeout`] is due.
pub(crate) trait Refuser {
    /// This one has just come, and must not block.
    ///
    /// # Errors
    /// The poller is broken.
    fn refuse(&mut self, stream: AnyByteStream) -> Result<(), Error>;

    /// Does what can be done now.
    ///
    /// # Errors
    /// As of [`Self::refuse`].
    fn run(&mut self) -> Result<(), Error>;

    /// When it is to run, if it is not readable before: by the clock of the [board](crate::board::Board::start).
    fn poll_timeout(&self) -> Option<Instant>;

    /// Readable when it is to run. None if it never is.
    fn readable(&self) -> Option<BorrowedFd<'_>>;

    /// In a process that was just forked: closes its copies of the sockets, and does nothing to the connections.
    fn abandon(&mut self);
}

/// Where connections come from.
pub(crate) struct Queue<'q> {
    /// It does not block.
    pub(crate) listener: AnyListener,
    /// How many connections there may be at a time: of all who share this.
    pub(crate) places: &'q Places,
    pub(crate) others: Others,
}

/// Who else takes connections from the same socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Others {
    Nobody,
    /// Some who share the places.
    OfTheSamePlaces,
    /// Some who have as many places each, and who sit there on the board: this one among them.
    WithPlacesOfTheirOwn(Range<usize>),
}
