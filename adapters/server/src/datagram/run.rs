//! What a model does with datagrams.

use std::io;

use wirenut::readiness::WhenFull;
use wirenut_linux::Error;
use wirenut_linux::socket::AnyDatagramSocket;

use super::DatagramHandler;
use super::socket::Inbox;
use super::work::Handling;
use crate::Model;
use crate::board::Seat;
use crate::config::Config;
use crate::crew::{self, Staff};
use crate::throttle::Throttle;

/// Has datagrams handled as the model says, until the server is told to stop.
pub(super) fn run<H: DatagramHandler + Sync + ?Sized>(
    handler: &H,
    socket: AnyDatagramSocket,
    staff: Staff<'_>,
) -> Result<(), Error> {
    let config = staff.config;
    let inbox = |socket| Inbox::new(socket, config.max_datagram);
    let (task, throttle) = (Handling { handler, socket: socket.try_clone()? }, Throttle::default());
    let serve = |socket, seat: Seat| {
        let chores = task.chores(&seat);
        crew::one_by_one(&inbox(socket), &task, (config, &throttle), seat, chores)
    };
    let lead = staff.lead_seat();
    // Nobody is refused: what finds no thread or process waits in the socket.
    let waiting = Config { when_full: WhenFull::Queue, ..*config };
    let waits = Staff { config: &waiting, ..staff };
    match config.model {
        Model::Iterative => serve(socket, lead),
        Model::PreThreaded { workers } => {
            let others = (1..workers.get()).map(|_| socket.try_clone()).collect::<Result<_, _>>()?;
            crew::run_threads(&serve, socket, others, staff)
        }
        Model::PreForked { workers } => crew::supervise(serve, socket, workers, staff, task.chores(&lead)),
        Model::Forking { children } => {
            crew::fork_for_each((inbox(socket), &task), (), children, waits, task.chores(&lead))
        }
        Model::Threading { threads } => {
            crew::thread_for_each((inbox(socket), &task), (), threads, waits, task.chores(&lead))
        }
        Model::Multiplexed { .. } => Err(Error::new(
            "multiplex datagrams",
            io::Error::new(io::ErrorKind::Unsupported, "each is done at once: use the model iterative or pre-threaded"),
        )),
    }
}
