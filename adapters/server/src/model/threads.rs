//! Threads that are made at the start, this one among them, and take connections from one socket.

use core::net::SocketAddr;
use core::num::NonZeroUsize;
use std::{io, panic, thread};

use wirenut_linux::Error;
use wirenut_linux::poller::Bell;

use super::Running;
use crate::board::{Seat, Stop};
use crate::panics;
use crate::places::Places;
use crate::work::{Queue, Work};

/// Runs until all of them have ended. They stop together, also if one fails.
pub(super) fn run<'p, W: Work + Sync>(
    work: &W,
    workers: NonZeroUsize,
    running: Running<'_>,
    places: impl Fn(usize) -> &'p Places,
) -> Result<(), Error> {
    let own_seat = running.lead_seat();
    let Running { listener, board, lead, termination, .. } = running;
    let seat = |number| {
        let seat = board.seat(number, Bell::new()?);
        Ok((listener.try_clone()?, seat.with_termination(termination), places(number)))
    };
    let followers: Result<Vec<_>, Error> = (1..workers.get()).map(seat).collect();
    let followers = followers?;
    lead.lead(&followers.iter().map(|(_, seat, _)| seat.clone()).collect::<Vec<_>>());
    let is_shared = workers != NonZeroUsize::MIN;
    let serve = |listener, seat, places| {
        // A server of which a part is missing is not one to go on with.
        serve(work, Queue { listener, places, is_shared }, seat).inspect_err(|_| lead.stop(Stop::Drain))
    };
    let serve = &serve;
    thread::scope(|scope| {
        let start = |(listener, seat, places)| {
            let thread = thread::Builder::new().name("wirenut worker".into());
            let started = thread.spawn_scoped(scope, move || serve(listener, seat, places));
            let started = started.map_err(|error| Error::new("start a thread", error));
            started.inspect_err(|_| lead.stop(Stop::Drain))
        };
        let started: Vec<_> = followers.into_iter().map(start).collect();
        let own = serve(listener, own_seat, places(0));
        let join = |started: Result<thread::ScopedJoinHandle<'_, _>, _>| {
            started?.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
        };
        let outcomes: Vec<_> = started.into_iter().map(join).collect();
        core::iter::once(own).chain(outcomes).collect()
    })
}

/// Serves on this thread. What of it panics where nobody has caught that is an error of the server.
fn serve<W: Work>(work: &W, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
    let place = seat.clone();
    panics::catch(|| work.serve_all(queue, seat)).unwrap_or_else(|panic| {
        panics::log(panic, "a thread of the server panicked", None::<SocketAddr>, &place);
        Err(Error::new("go on serving", io::Error::other("a thread has panicked")))
    })
}
