//! All workers: forked, given orders, heard, replaced.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use std::os::fd::AsFd as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::io::Errno;
use wirenut::time::Duration;

use super::held::{Held, Source};
use super::job::Job;
use super::worker::Worker;
use crate::error::Error;
use crate::poller::{Interest, Poller as _};
use crate::process::pipe::{Duplex, SendError, duplex};
use crate::process::pool::builder::Settings;
use crate::process::pool::parcel::Parcel;
use crate::process::pool::table::Table;
use crate::process::pool::wire::{Head, TIMED_OUT};
use crate::process::pool::worker::work;
use crate::process::{Process, SpawnError};
use crate::socket::{Attempt, Received};

/// When a worker is tried to be forked again that could not be.
const FORK_PAUSE: Duration = Duration::from_millis(100);

/// How long all workers may take to leave when they have nothing to do.
const GRACE: Duration = Duration::from_secs(5);

pub(super) struct Crew {
    /// `None` only while a worker is forked: then it is the closure's, so that the child can close it.
    held: Option<Held>,
    /// The places of those that wait for orders. The last to come is the first to work: its memory is warm.
    idle: Vec<usize>,
    settings: Settings,
    /// Locked by workers only, each its own copy.
    table: Arc<Mutex<Table>>,
    /// Why the last fork failed, and when to try again.
    failed: Option<(Errno, Instant)>,
    is_parent_writable_told: bool,
}

impl Crew {
    /// Forks all workers, or none.
    pub(super) fn new(parent: Duplex, settings: Settings, table: Table) -> Result<Self, Error> {
        let held = Some(Held::new(parent, settings.workers)?);
        let table = Arc::new(Mutex::new(table));
        let mut crew = Self { held, idle: Vec::new(), settings, table, failed: None, is_parent_writable_told: false };
        for place in 0..crew.settings.workers {
            if let Err(error) = crew.hire(place) {
                crew.end()?;
                return Err(error);
            }
        }
        Ok(crew)
    }

    pub(super) fn parent(&self) -> &Duplex {
        &self.held().parent
    }

    fn held(&self) -> &Held {
        self.held.as_ref().expect("here but while a worker is forked")
    }

    fn held_mut(&mut self) -> &mut Held {
        self.held.as_mut().expect("here but while a worker is forked")
    }

    /// Nobody works.
    pub(super) fn is_idle(&self) -> bool {
        self.held().all().all(|worker| worker.job.is_none())
    }

    /// Waits for an event, or for the next time at which something is due.
    pub(super) fn wait(&mut self, for_room: bool) -> Result<(), Error> {
        if self.is_parent_writable_told != for_room {
            self.is_parent_writable_told = for_room;
            let interest = if for_room { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let Held { poller, parent, .. } = self.held_mut();
            poller.modify(parent.as_fd(), Source::Parent.token(), interest)?;
        }
        let deadlines = self.held().all().filter_map(|worker| worker.deadline);
        let due = deadlines.chain(self.failed.map(|(_, again)| again)).min();
        let limit = due.map(|due| Duration::from(due.saturating_duration_since(Instant::now())));
        self.held_mut().poller.wait(limit).map(drop)
    }

    pub(super) fn next_event(&mut self) -> Option<Source> {
        self.held_mut().poller.next_event().map(|event| Source::of(event.token))
    }

    /// A worker has ended, it seems: reaps it, tells what became of its task, and has another take its place.
    pub(super) fn handle_end(
        &mut self,
        place: usize,
        orders: &mut VecDeque<Job>,
        reports: &mut VecDeque<Parcel>,
    ) -> Result<(), Error> {
        let Some(worker) = self.held_mut().worker(place) else { return Ok(()) };
        // The event may be of the one that had the place before.
        let Some(ended) = worker.child.join_timeout(Duration::default())? else { return Ok(()) };
        // What it sent last is still there.
        self.hear(place, reports)?;
        let worker = self.held_mut().take(place)?;
        self.idle.retain(|idle| *idle != place);
        if let Some(Worker { job: Some(mut job), is_late, .. }) = worker {
            if is_late {
                reports.push_back(Parcel::bare(Head { id: job.id, what: TIMED_OUT, detail: 0 }));
            } else if job.retries > 0 {
                job.retries -= 1;
                orders.push_front(job);
            } else {
                reports.push_back(Parcel::bare(Head::died(job.id, &ended)));
            }
        }
        self.replace(place);
        Ok(())
    }

    /// Kills who is late, and forks anew what could not be forked.
    pub(super) fn handle_time(&mut self, now: Instant, reports: &mut VecDeque<Parcel>) -> Result<(), Error> {
        if self.settings.time_limit.is_some() {
            for place in 0..self.settings.workers {
                let is_due = |worker: &mut Worker| worker.deadline.is_some_and(|deadline| deadline <= now);
                if !self.held_mut().worker(place).is_some_and(is_due) {
                    continue;
                }
                self.hear(place, reports)?;
                // It may have been done in the last moment.
                if let Some(worker) = self.held_mut().worker(place).filter(|worker| worker.job.is_some()) {
                    worker.deadline = None;
                    worker.is_late = true;
                    worker.is_leaving = true;
                    worker.child.kill()?;
                }
            }
        }
        if self.failed.is_some_and(|(_, again)| again <= now) {
            self.failed = None;
            let missing = (0..self.settings.workers).filter(|place| self.held().workers[*place].is_none());
            missing.collect::<Vec<_>>().into_iter().for_each(|place| self.replace(place));
        }
        Ok(())
    }

    /// Why there is no worker at all, and none can be made.
    pub(super) fn why_nobody(&self) -> Option<Errno> {
        if self.held().all().next().is_some() { None } else { self.failed.map(|(errno, _)| errno) }
    }

    /// Gives the next order to somebody who waits for one. False if nobody does.
    pub(super) fn give(&mut self, orders: &mut VecDeque<Job>, reports: &mut VecDeque<Parcel>) -> Result<bool, Error> {
        let time_limit = self.settings.time_limit;
        let Some(place) = self.idle.pop() else { return Ok(false) };
        // One that has begun to leave is not idle any longer.
        let Some(worker) = self.held_mut().worker(place).filter(|worker| worker.is_idle()) else { return Ok(true) };
        let Some(job) = orders.pop_front() else {
            self.idle.push(place);
            return Ok(false);
        };
        match job.order.try_send(&worker.pipe) {
            Ok(Attempt::Done(())) => {
                let limit = time_limit.map(|limit| limit.saturating_mul(job.items.max(1).into()));
                worker.deadline = limit.and_then(|limit| Instant::now().checked_add(limit.into()));
                worker.left = worker.left.saturating_sub(job.items);
                worker.job = Some(job);
            }
            // It has ended, and is replaced when that is noticed. Its pipe is empty, so it is never full.
            Err(SendError::Closed) | Ok(Attempt::WouldBlock) => {
                worker.is_leaving = true;
                orders.push_front(job);
            }
            Err(_) => {
                reports.push_back(Parcel::bare(Head { id: job.id, what: 0, detail: 0 }.lost(Errno::NOBUFS)));
                self.idle.push(place);
            }
        }
        Ok(true)
    }

    /// Takes the report of a worker, if there is one.
    pub(super) fn hear(&mut self, place: usize, reports: &mut VecDeque<Parcel>) -> Result<(), Error> {
        let Some(worker) = self.held_mut().worker(place).filter(|worker| worker.is_heard) else { return Ok(()) };
        match Parcel::try_recv(&worker.pipe) {
            Ok(Received::WouldBlock) => Ok(()),
            Ok(Received::Data(report)) => {
                // What nobody asked for is no report: a task may have found the descriptor.
                worker.is_leaving |= report.head().is_none_or(|head| head.detail != 0);
                match (worker.job.take(), report.head()) {
                    (Some(_), Some(head)) if report.is_torn() => {
                        reports.push_back(Parcel::bare(head.lost(Errno::MFILE)));
                    }
                    (Some(_), Some(_)) => reports.push_back(report),
                    _ => {}
                }
                worker.deadline = None;
                if worker.left == 0 && !worker.is_leaving {
                    worker.is_leaving = true;
                    worker.pipe.shutdown_send()?;
                } else if worker.is_idle() {
                    self.idle.push(place);
                }
                Ok(())
            }
            Ok(Received::End) => {
                worker.is_leaving = true;
                self.held_mut().stop_hearing(place)
            }
            // What it reported is lost.
            Err(_) => {
                worker.is_leaving = true;
                worker.child.kill()?;
                self.held_mut().stop_hearing(place)
            }
        }
    }

    /// Forks a worker for a place that has none; later, if it cannot be done now.
    fn replace(&mut self, place: usize) {
        if let Err(error) = self.hire(place) {
            let errno = error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error);
            let again = Instant::now() + core::time::Duration::from(FORK_PAUSE);
            self.failed = Some((errno, again));
        }
    }

    fn hire(&mut self, place: usize) -> Result<(), Error> {
        let (ours, theirs) = duplex()?;
        let lent = Arc::new(Mutex::new((self.held.take(), Some(ours))));
        let (in_child, table) = (Arc::clone(&lent), Arc::clone(&self.table));
        let spawned = Process::new().name("pool worker").daemon(true).keep_all_ends().spawn(move || {
            *lock(&in_child) = (None, None);
            work(&theirs, &mut lock(&table))
        });
        let mut lent = lock(&lent);
        self.held = lent.0.take();
        let child = spawned.map_err(|error| match error {
            SpawnError::System(error) => error,
            SpawnError::Threads(_) => Error::plain("fork a worker", Errno::AGAIN),
        })?;
        if let Some(ours) = lent.1.take() {
            let left = self.settings.max_tasks.unwrap_or(u32::MAX);
            self.held_mut().put(place, Worker::new(child, ours, left))?;
            self.idle.push(place);
        }
        Ok(())
    }

    /// Has all workers leave, who have nothing to do.
    pub(super) fn dismiss(&mut self) -> Result<(), Error> {
        for worker in self.held().all() {
            worker.pipe.shutdown_send()?;
        }
        let deadline = Instant::now() + core::time::Duration::from(GRACE);
        for worker in self.held().all() {
            let left = deadline.saturating_duration_since(Instant::now());
            if worker.child.join_timeout(left.into())?.is_none() {
                break;
            }
        }
        self.end()
    }

    /// Ends all workers at once.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        for worker in self.held().all() {
            worker.child.kill()?;
        }
        for worker in self.held().all() {
            worker.child.join()?;
        }
        Ok(())
    }
}

/// No lock is held when a process forks here, and who panics leaves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
