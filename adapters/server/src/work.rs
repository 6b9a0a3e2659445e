//! What the threads and processes of a server do, whatever the model: the seam between models and what is served.

use wirenut_linux::Error;
use wirenut_linux::socket::{AnyByteStream, AnyListener};

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

    /// Serves one connection, until it has ended.
    ///
    /// # Errors
    /// As [`Self::serve_all`].
    fn serve_one(&self, stream: AnyByteStream, seat: Seat) -> Result<(), Error>;
}

/// Where connections come from.
pub(crate) struct Queue<'q> {
    /// It does not block.
    pub(crate) listener: AnyListener,
    /// How many connections there may be at a time: of all who share this.
    pub(crate) places: &'q Places,
    /// Others take connections from the same socket.
    pub(crate) is_shared: bool,
}
