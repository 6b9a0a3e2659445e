//! A thread or process for each job.

use core::num::NonZeroUsize;
use std::thread;

use wirenut_linux::Error;

use super::acceptor::Acceptor;
use super::job::{Source, Task, TurnAway};
use super::own_threads::OwnThreads;
use super::processes::Processes;
use super::{Staff, child};
use crate::chores::Chores;

/// A process for each, so many at most.
pub(crate) fn fork_for_each<S: Source, T: Task<S::Job>>(
    (source, task): (S, &T),
    refuser: impl TurnAway<S::Job>,
    children: NonZeroUsize,
    staff: Staff<'_>,
    chores: Chores<'_>,
) -> Result<(), Error> {
    child::check_threads()?;
    let crew = Processes::new(task, staff.lead_seat());
    Acceptor::new((source, task, crew, refuser), children.get(), staff, chores)?.run()
}

/// A thread for each, so many at most.
pub(crate) fn thread_for_each<S: Source, T: Task<S::Job>>(
    (source, task): (S, &T),
    refuser: impl TurnAway<S::Job>,
    threads: NonZeroUsize,
    staff: Staff<'_>,
    chores: Chores<'_>,
) -> Result<(), Error> {
    thread::scope(|scope| {
        let crew = OwnThreads::new(scope, task, staff.lead_seat());
        Acceptor::new((source, task, crew, refuser), threads.get(), staff, chores)?.run()
    })
}
