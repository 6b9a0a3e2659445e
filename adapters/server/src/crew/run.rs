//! What a model does with the work of a server of streams.

use std::io;

use wirenut_linux::Error;
use wirenut_linux::socket::AnyListener;

use super::connections::{Connections, Listener};
use super::for_each::{fork_for_each, thread_for_each};
use super::{Staff, supervisor, threads};
use crate::chores::Chores;
use crate::model::Model;
use crate::places::Places;
use crate::work::{Others, Queue, Work};

/// Has the work done as the model says, until the server is told to stop.
///
/// # Errors
/// The system has no resources to begin with, or is broken; or the model cannot do this work, or not in this process.
pub(crate) fn run<W: Work + Sync>(work: &W, listener: AnyListener, staff: Staff<'_>) -> Result<(), Error> {
    let (config, lead) = (staff.config, staff.lead_seat());
    let serve = |queue: Queue<'_>, seat| work.serve_all(queue, seat);
    match config.model {
        Model::Iterative => serve(Queue { listener, places: &Places::new(1), others: Others::Nobody }, lead),
        Model::Multiplexed { .. } if !W::MULTIPLEXES => Err(Error::new(
            "multiplex a handler that blocks",
            io::Error::new(io::ErrorKind::Unsupported, "give it a thread or process: use another model"),
        )),
        Model::Multiplexed { workers } => {
            let places = Places::new(config.max_connections);
            on_threads(work, listener, (&vec![&places; workers.get()], &Others::OfTheSamePlaces), staff)
        }
        Model::PreThreaded { workers } => {
            let places: Vec<_> = (0..workers.get()).map(|_| Places::new(1)).collect();
            let others = Others::WithPlacesOfTheirOwn(0..workers.get());
            on_threads(work, listener, (&places.iter().collect::<Vec<_>>(), &others), staff)
        }
        Model::PreForked { workers } => {
            let share = share(config.max_connections, workers.get());
            // Each process has a count of its own.
            // The first seat is the supervisor's.
            let others = Others::WithPlacesOfTheirOwn(1..workers.get() + 1);
            let serve =
                |listener, seat| serve(Queue { listener, places: &Places::new(share), others: others.clone() }, seat);
            supervisor::run(serve, listener, workers, staff, Chores::of(work, &lead))
        }
        Model::Forking { children } => {
            let (task, refuser) = (Connections(work), work.refuser(lead.clone())?);
            fork_for_each((Listener(listener), &task), refuser, children, staff, Chores::of(work, &lead))
        }
        Model::Threading { threads } => {
            let (task, refuser) = (Connections(work), work.refuser(lead.clone())?);
            thread_for_each((Listener(listener), &task), refuser, threads, staff, Chores::of(work, &lead))
        }
    }
}

/// A thread for each, this one among them.
fn on_threads(
    work: &(impl Work + Sync),
    listener: AnyListener,
    (places, others): (&[&Places], &Others),
    staff: Staff<'_>,
) -> Result<(), Error> {
    let others = if places.len() > 1 { others } else { &Others::Nobody };
    let queue =
        |places| -> Result<_, Error> { Ok(Queue { listener: listener.try_clone()?, places, others: others.clone() }) };
    let queues = places[1..].iter().map(|places| queue(places)).collect::<Result<_, _>>()?;
    let own = Queue { listener, places: places[0], others: others.clone() };
    threads::run(&|queue: Queue<'_>, seat| work.serve_all(queue, seat), own, queues, staff)
}

/// How many connections of all are one process's.
fn share(max_connections: u32, workers: usize) -> u32 {
    max_connections.div_ceil(u32::try_from(workers).unwrap_or(u32::MAX)).max(1)
}
