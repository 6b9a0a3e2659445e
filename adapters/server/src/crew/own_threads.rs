//! A thread for each job.

use alloc::sync::Arc;
use core::mem;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use wirenut_linux::Error;
use wirenut_linux::poller::{Bell, Poll};
use wirenut_linux::socket::AnyAddress;

use super::job::{Crew, Job, Task};
use crate::board::Seat;
use crate::panics;

/// The threads of an acceptor.
pub(super) struct OwnThreads<'scope, 'env, T> {
    scope: &'scope Scope<'scope, 'env>,
    task: &'env T,
    /// Where those are counted that ended by a panic that nobody has counted.
    lead: Seat,
    ended: Arc<EndedSlots>,
    threads: HashMap<u32, (ScopedJoinHandle<'scope, Result<(), Error>>, AnyAddress)>,
}

/// Slots whose threads are about to end; the acceptor is told by its bell.
struct EndedSlots {
    slots: Mutex<Vec<u32>>,
    bell: Bell,
}

impl EndedSlots {
    fn push(&self, slot: u32) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
        self.bell.ring();
    }

    fn take(&self) -> Vec<u32> {
        mem::take(&mut *self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells that a thread ends, however it does.
struct Ending(Arc<EndedSlots>, u32);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.push(self.1);
    }
}

impl<'scope, 'env, T> OwnThreads<'scope, 'env, T> {
    pub(super) fn new(scope: &'scope Scope<'scope, 'env>, task: &'env T, lead: Seat) -> Self {
        let ended = Arc::new(EndedSlots { slots: Mutex::default(), bell: lead.bell().clone() });
        Self { scope, task, lead, ended, threads: HashMap::new() }
    }
}

impl<'env, J: Job + 'env, T: Task<J>> Crew<J> for OwnThreads<'_, 'env, T> {
    fn start(&mut self, slot: u32, job: J, seat: Seat, _: &mut Poll, _: &mut dyn FnMut()) -> Result<(), (Error, J)> {
        let peer = job.peer().clone();
        // Where there is no thread, what it was to have comes back by this.
        let place = Arc::new(Mutex::new(Some(job)));
        let take = |place: &Mutex<Option<J>>| place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (its_place, ended, task) = (Arc::clone(&place), Arc::clone(&self.ended), self.task);
        let started = Builder::new().name("wirenut".into()).spawn_scoped(self.scope, move || {
            let _ending = Ending(ended, slot);
            take(&its_place).map_or(Ok(()), |job| task.run(job, seat))
        });
        match started {
            Ok(thread) => {
                self.threads.insert(slot, (thread, peer));
                Ok(())
            }
            Err(error) => {
                let job = take(&place).expect("only a thread takes it, and there is none");
                Err((Error::new("start a thread", error), job))
            }
        }
    }

    fn take_ended(&mut self, _: impl Iterator<Item = u32>, _: &mut Poll) -> Vec<u32> {
        let ended = self.ended.take();
        for slot in &ended {
            let Some((thread, peer)) = self.threads.remove(slot) else { continue };
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => log::error!("{peer}: {error}"),
                Err(panic) => panics::log(panic, "its thread panicked", Some(peer), &self.lead),
            }
        }
        ended
    }

    /// A thread cannot be killed. What it waits for ends, so it does.
    fn kill_all(&mut self) {
        for (_, peer) in self.threads.values() {
            log::warn!("{peer}: its thread does not end: the server waits for it");
        }
    }
}
