//! Threads that are made at the start, this one among them, and take what comes from one socket.

use alloc::sync::Arc;
use core::net::SocketAddr;
use std::{io, panic, thread};

use wirenut_linux::Error;
use wirenut_linux::poller::Bell;

use super::Staff;
use crate::board::{Seat, Stop};
use crate::panics;

/// Runs until all of them have ended: this thread with its own queue, and one for each other queue. They stop together, also
/// if one fails.
pub(crate) fn run<Q: Send>(
    serve: &(impl Fn(Q, Seat) -> Result<(), Error> + Sync),
    own_queue: Q,
    queues: Vec<Q>,
    staff: Staff<'_>,
) -> Result<(), Error> {
    let Staff { board, lead, termination, .. } = staff;
    let seat = |number: usize| Ok(board.seat(number, Bell::new()?).with_termination(termination));
    let seats = (1..=queues.len()).map(seat).collect::<Result<Vec<_>, Error>>()?;
    lead.lead(&seats);
    let colleagues: Arc<[_]> = core::iter::once(&lead.seat).chain(&seats).map(Seat::as_colleague).collect();
    let seats = seats.into_iter().map(|seat| seat.with_colleagues(Arc::clone(&colleagues)));
    // A server of which a part is missing is not one to go on with.
    let serve = |queue, seat| guarded(serve, queue, seat).inspect_err(|_| lead.stop(Stop::Drain));
    let serve = &serve;
    thread::scope(|scope| {
        let start = |(queue, seat)| {
            let thread = thread::Builder::new().name("wirenut worker".into());
            let started = thread.spawn_scoped(scope, move || serve(queue, seat));
            let started = started.map_err(|error| Error::new("start a thread", error));
            started.inspect_err(|_| lead.stop(Stop::Drain))
        };
        let started: Vec<_> = queues.into_iter().zip(seats).map(start).collect();
        let own = serve(own_queue, staff.lead_seat().with_colleagues(Arc::clone(&colleagues)));
        let join = |started: Result<thread::ScopedJoinHandle<'_, _>, _>| {
            started?.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
        };
        let outcomes: Vec<_> = started.into_iter().map(join).collect();
        core::iter::once(own).chain(outcomes).collect()
    })
}

/// Serves on this thread. What of it panics where nobody has caught that is an error of the server.
fn guarded<Q>(serve: &impl Fn(Q, Seat) -> Result<(), Error>, queue: Q, seat: Seat) -> Result<(), Error> {
    let place = seat.clone();
    panics::catch(|| serve(queue, seat)).unwrap_or_else(|panic| {
        panics::log(panic, "a thread of the server panicked", None::<SocketAddr>, &place);
        Err(Error::new("go on serving", io::Error::other("a thread has panicked")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::{Board, Lead};
    use crate::config::Config;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::Barrier;

    #[test]
    fn each_thread_can_ask_all_others_to_look_into_the_queue() {
        const COUNT: usize = 3;
        let board = Board::new(1 + COUNT).unwrap();
        let lead = Lead::new(board.seat(0, Bell::new().unwrap()));
        let staff = Staff { config: &Config::DEFAULT, board: &board, lead: &lead, termination: None };
        let (barrier, asked) = (Barrier::new(COUNT), AtomicUsize::new(0));
        let serve = |asks: usize, seat: Seat| {
            for turn in 0..COUNT {
                seat.set_watches_queue(true);
                barrier.wait();
                if asks == turn {
                    seat.ask_colleagues_to_look();
                }
                barrier.wait();
                asked.fetch_add(usize::from(seat.takes_wish_to_look()), Ordering::SeqCst);
                barrier.wait();
            }
            Ok(())
        };
        run(&serve, 0, (1..COUNT).collect(), staff).unwrap();
        assert_eq!(asked.into_inner(), COUNT * (COUNT - 1));
    }
}
