//! What a model does with the work of a server.

use std::io;
use std::thread;

use wirenut_linux::Error;
use wirenut_linux::signal::Termination;
use wirenut_linux::socket::AnyListener;

use super::acceptor::Acceptor;
use super::connections::{Connections, Listener};
use super::own_threads::OwnThreads;
use super::processes::Processes;
use super::{Model, child, supervisor, threads};
use crate::board::{Board, Lead, Seat};
use crate::chores::Chores;
use crate::config::Config;
use crate::places::Places;
use crate::work::{Queue, Work};

/// A server that begins to run.
pub(crate) struct Running<'r> {
    pub(crate) listener: AnyListener,
    pub(crate) config: &'r Config,
    pub(crate) board: &'r Board,
    pub(crate) lead: &'r Lead,
    /// Signals that stop it, too.
    pub(crate) termination: Option<Termination>,
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
pub(crate) fn run<W: Work + Sync>(work: &W, running: Running<'_>) -> Result<(), Error> {
    match running.config.model {
        Model::Iterative => {
            let seat = running.lead_seat();
            let queue = Queue { listener: running.listener, places: &Places::new(1), is_shared: false };
            work.serve_all(queue, seat)
        }
        Model::Multiplexed { .. } if !W::MULTIPLEXES => Err(Error::new(
            "multiplex a handler that blocks",
            io::Error::new(io::ErrorKind::Unsupported, "give it a thread or process: use another model"),
        )),
        Model::Multiplexed { workers } => {
            let places = Places::new(running.config.max_connections);
            threads::run(work, workers, running, |_| &places)
        }
        Model::PreThreaded { workers } => {
            let places: Vec<_> = (0..workers.get()).map(|_| Places::new(1)).collect();
            threads::run(work, workers, running, |number| &places[number])
        }
        Model::PreForked { workers } => supervisor::run(work, workers, running),
        Model::Forking { children } => {
            child::check_threads()?;
            let (task, lead) = (Connections(work), running.lead_seat());
            let crew = Processes::new(&task, lead.clone());
            let Running { listener, config, board, .. } = running;
            let all = (Listener(listener), &task, crew, work.refuser(lead.clone())?);
            Acceptor::new(all, slots(children.get()), (board, &lead), config, Chores::of(work, &lead))?.run()
        }
        Model::Threading { threads } => {
            let (task, lead) = (Connections(work), running.lead_seat());
            let Running { listener, config, board, .. } = running;
            thread::scope(|scope| {
                let crew = OwnThreads::new(scope, &task, lead.clone());
                let all = (Listener(listener), &task, crew, work.refuser(lead.clone())?);
                Acceptor::new(all, slots(threads.get()), (board, &lead), config, Chores::of(work, &lead))?.run()
            })
        }
    }
}

fn slots(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
