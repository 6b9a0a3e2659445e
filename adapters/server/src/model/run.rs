//! What a model does with the work of a server.

use std::io;

use wirenut_linux::Error;
use wirenut_linux::signal::Termination;
use wirenut_linux::socket::AnyListener;

use super::{Model, threads};
use crate::board::{Board, Lead, Seat};
use crate::places::Places;
use crate::work::{Queue, Work};

/// A server that begins to run.
pub(crate) struct Running<'r> {
    pub(crate) listener: AnyListener,
    pub(crate) board: &'r Board,
    pub(crate) lead: &'r Lead,
    /// Signals that stop it, too.
    pub(crate) termination: Option<Termination>,
    pub(crate) max_connections: u32,
}

impl Running<'_> {
    /// The place of the thread that runs the server.
    pub(super) fn lead_seat(&self) -> Seat {
        self.lead.seat.clone().with_termination(self.termination)
    }
}

/// Has the work done as the model says, until the server is told to stop.
///
/// # Errors
/// The system has no resources to begin with, or is broken; or the model cannot do this work, or not in this process.
pub(crate) fn run<W: Work + Sync>(work: &W, model: Model, running: Running<'_>) -> Result<(), Error> {
    match model {
        Model::Iterative => {
            let seat = running.lead_seat();
            let queue = Queue { listener: running.listener, places: &Places::new(1), is_shared: false };
            work.serve_all(queue, seat)
        }
        Model::Multiplexed { .. } if !W::MULTIPLEXES => Err(refused("multiplex a handler that blocks")),
        Model::Multiplexed { workers } => {
            let places = Places::new(running.max_connections);
            threads::run(work, workers, running, |_| &places)
        }
        Model::PreThreaded { workers } => {
            let places: Vec<_> = (0..workers.get()).map(|_| Places::new(1)).collect();
            threads::run(work, workers, running, |number| &places[number])
        }
        Model::Forking { .. } | Model::Threading { .. } | Model::PreForked { .. } => Err(refused("run this model")),
    }
}

fn refused(what: &'static str) -> Error {
    Error::new(what, io::ErrorKind::InvalidInput.into())
}
