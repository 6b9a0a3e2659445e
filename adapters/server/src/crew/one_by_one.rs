//! A thread that takes what comes and does it by itself, one after the other.

use core::time::Duration;
use std::time::Instant;

use wirenut::readiness::{Poller, Token};
use wirenut_linux::Error;
use wirenut_linux::poller::Epoll;
use wirenut_linux::socket::Attempt;

use super::job::{Job, Source, Task};
use crate::board::{Seat, Stop};
use crate::chores::Chores;
use crate::config::Config;
use crate::throttle::Throttle;
use crate::vigil::Vigil;

const SOURCE: Token = Token(0);

/// How many are done before it is looked whether the thread is to stop.
const MAX_DONE: usize = 64;

/// How long none is taken after the system has run out of something.
const RECOVERY: Duration = Duration::from_millis(100);

/// What became of a look into the source.
#[derive(PartialEq, Eq)]
enum Looked {
    Done,
    NoneWaiting,
    Failed,
}

/// Does what comes until the seat is told to stop; then also what has come by then, for as long as a drain lasts. Others may
/// take from the same socket: the system wakes one of them for each, and not all.
pub(crate) fn serve<S: Source>(
    source: &S,
    task: &impl Task<S::Job>,
    (config, throttle): (&Config, &Throttle),
    seat: Seat,
    mut chores: Chores<'_>,
) -> Result<(), Error> {
    let mut vigil = Vigil::new(Epoll::new()?, seat)?;
    vigil.poller().register_shared(source.as_fd(), SOURCE)?;
    while vigil.seat().wanted_stop() == Stop::No {
        vigil.wait(chores.due())?;
        let mut knocks = false;
        while vigil.next_event()?.is_some() {
            knocks = true;
        }
        chores.do_if_due();
        if knocks && do_some(MAX_DONE, source, task, throttle, &vigil)? == Looked::Failed {
            // It would be told of again at once.
            vigil.poller().deregister(source.as_fd(), SOURCE)?;
            vigil.wait(Instant::now().checked_add(RECOVERY))?;
            while vigil.next_event()?.is_some() {}
            vigil.poller().register_shared(source.as_fd(), SOURCE)?;
        }
    }
    // As many as the queue holds: others may come for as long as one looks.
    let ends_at = Instant::now().checked_add(config.drain.into());
    for _ in 0..config.backlog.max(1) {
        let is_over = ends_at.is_some_and(|at| at <= Instant::now()) || vigil.seat().wanted_stop() == Stop::Now;
        if is_over || do_next(source, task, throttle, vigil.seat())? != Looked::Done {
            break;
        }
    }
    Ok(())
}

fn do_some<S: Source>(
    most: usize,
    source: &S,
    task: &impl Task<S::Job>,
    throttle: &Throttle,
    vigil: &Vigil<Epoll>,
) -> Result<Looked, Error> {
    for _ in 0..most {
        let looked = do_next(source, task, throttle, vigil.seat())?;
        if looked != Looked::Done || vigil.seat().wanted_stop() != Stop::No {
            return Ok(looked);
        }
    }
    Ok(Looked::Done)
}

fn do_next<S: Source>(source: &S, task: &impl Task<S::Job>, throttle: &Throttle, seat: &Seat) -> Result<Looked, Error> {
    match source.take() {
        Ok(Attempt::Done(job)) => {
            if task.verify(&job, seat) {
                task.run(job, seat.clone())?;
            } else {
                seat.counts().refused.add(1);
                log::debug!("{}: not served", job.peer());
            }
            Ok(Looked::Done)
        }
        Ok(Attempt::WouldBlock) => Ok(Looked::NoneWaiting),
        Err(error) => {
            throttle.warn(error);
            Ok(Looked::Failed)
        }
    }
}
