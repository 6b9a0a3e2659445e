//! Who does the work of a server: what each [model](crate::Model) comes to.

mod acceptor;
mod backoff;
mod child;
mod connections;
mod for_each;
mod job;
mod one_by_one;
mod own_threads;
mod processes;
mod run;
mod staff;
mod standings;
mod supervisor;
mod threads;

pub(crate) use connections::{Accepted, Listener};
pub(crate) use for_each::{fork_for_each, thread_for_each};
pub(crate) use job::{Job, Source, Task};
pub(crate) use one_by_one::serve as one_by_one;
pub(crate) use run::run;
pub(crate) use staff::Staff;
pub(crate) use supervisor::run as supervise;
pub(crate) use threads::run as run_threads;
