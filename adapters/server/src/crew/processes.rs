//! A process for each job.

use std::collections::HashMap;
use std::os::fd::AsFd;

use wirenut::readiness::{Interest, Poller, Token};
use wirenut_linux::Error;
use wirenut_linux::poller::Poll;
use wirenut_linux::process::{Child, Ended};
use wirenut_linux::socket::AnyAddress;

use super::child;
use super::job::{Crew, Job, Task};
use crate::board::Seat;

/// The children of an acceptor. Each is waited for by its own descriptor, so no child of anybody else is reaped.
pub(super) struct Processes<'t, T> {
    task: &'t T,
    /// Where those are counted that ended by a panic that nobody has counted.
    lead: Seat,
    children: HashMap<u32, (Child, AnyAddress)>,
}

impl<'t, T> Processes<'t, T> {
    pub(super) fn new(task: &'t T, lead: Seat) -> Self {
        Self { task, lead, children: HashMap::new() }
    }

    /// One that has ended otherwise than by having done its work.
    #[cold]
    fn tell(&self, peer: &AnyAddress, pid: u32, ended: &Ended) {
        if matches!(ended, Ended::Panicked(_)) {
            self.lead.counts().panics.add(1);
        }
        log::error!("{peer}: its process {pid} {ended}");
    }
}

impl<J: Job, T: Task<J>> Crew<J> for Processes<'_, T> {
    fn start(
        &mut self,
        slot: u32,
        job: J,
        seat: Seat,
        poller: &mut Poll,
        leave: &mut dyn FnMut(),
    ) -> Result<(), (Error, J)> {
        let peer = job.peer().clone();
        let mut job = Some(job);
        let (its_job, siblings, task) = (&mut job, &mut self.children, self.task);
        let spawned = child::process().spawn_scoped(|| {
            leave();
            siblings.clear();
            let seat = seat.with_termination(Some(child::take_signals()?));
            its_job.take().map_or(Ok(()), |job| task.run(job, seat))
        });
        match (spawned, job) {
            (Ok(child), job) => {
                // The process has its own copy: who ends here only closes this one.
                drop(job);
                match poller.register(child.as_fd(), Token(slot.into()), Interest::READABLE) {
                    Ok(()) => drop(self.children.insert(slot, (child, peer))),
                    // A poller in memory fails only for a descriptor that it has already.
                    Err(error) => log::error!("{peer}: {error}"),
                }
                Ok(())
            }
            (Err(error), Some(job)) => Err((Error::new("start a process", error.into()), job)),
            (Err(_), None) => unreachable!("only the child takes it, from its own copy of all memory"),
        }
    }

    fn take_ended(&mut self, ready: impl Iterator<Item = u32>, poller: &mut Poll) -> Vec<u32> {
        let mut ended = Vec::new();
        for slot in ready {
            let Some((child, peer)) = self.children.remove(&slot) else { continue };
            let _ = poller.deregister(child.as_fd(), Token(slot.into()));
            match child.join() {
                // Who ignores SIGCHLD does not want to know.
                Ok(Ended::Exited(0) | Ended::Unknown) => {}
                Ok(how) => self.tell(&peer, child.pid(), &how),
                Err(error) => log::error!("{peer}: {error}"),
            }
            ended.push(slot);
        }
        ended
    }

    fn kill_all(&mut self) {
        for (child, peer) in self.children.values() {
            log::warn!("{peer}: its process {} does not end, and is killed", child.pid());
            self.lead.counts().cut.add(1);
            // It fails for one that has become another user's, which nobody can end.
            let _ = child.kill();
        }
    }
}
