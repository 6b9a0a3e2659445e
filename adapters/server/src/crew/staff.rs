//! Who works for a server, before it runs.

use wirenut_linux::signal::Termination;

use crate::board::{Board, Lead, Seat};
use crate::config::Config;

/// The places of a server that begins to run, and what it was told before.
#[derive(Clone, Copy)]
pub(crate) struct Staff<'r> {
    pub(crate) config: &'r Config,
    pub(crate) board: &'r Board,
    pub(crate) lead: &'r Lead,
    /// Signals that stop it, too.
    pub(crate) termination: Option<Termination>,
}

impl Staff<'_> {
    /// The place of the thread that runs the server.
    pub(crate) fn lead_seat(&self) -> Seat {
        self.lead.seat.clone().with_termination(self.termination)
    }
}
