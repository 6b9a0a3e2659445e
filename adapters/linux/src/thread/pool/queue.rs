//! The threads of a pool, and the work that waits for them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use core::mem;
use core::num::NonZeroUsize;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{io, thread};

use wirenut::time::Duration;

pub(super) type Work = Box<dyn FnOnce() + Send>;

/// How large a [`Pool`](super::Pool) may become.
///
/// ```
/// use std::num::NonZeroUsize;
/// use wirenut_linux::thread::Bounds;
/// // A database that takes four at a time.
/// const DATABASE: Bounds = Bounds { threads: NonZeroUsize::new(4).unwrap(), ..Bounds::DEFAULT };
/// assert_eq!(DATABASE.waiting, 1_024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many jobs run at once, each in a thread of its own. More than there are cores, for they mostly wait.
    ///
    /// Default: `32`.
    pub threads: NonZeroUsize,
    /// How many jobs may wait beside those that run. With 0, a job may be refused in the moment between the value of another
    /// one and the return of its thread.
    ///
    /// Default: `1_024`.
    pub waiting: usize,
    /// How long a thread waits for a job before it ends.
    ///
    /// Default: `Duration::from_secs(10)`.
    pub idle_time: Duration,
}

impl Bounds {
    /// Sane values for disks of a machine.
    pub const DEFAULT: Self =
        Self { threads: NonZeroUsize::new(32).unwrap(), waiting: 1_024, idle_time: Duration::from_secs(10) };
}

impl Default for Bounds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Has a thread of its own, of that name, do that.
pub(super) type Starter = fn(String, Work) -> io::Result<()>;

pub(super) struct Queue {
    /// Of its threads, before their numbers.
    name: Box<str>,
    bounds: Bounds,
    starter: Starter,
    state: Mutex<State>,
    /// There is work, or the pool is gone.
    changed: Condvar,
    /// A thread has ended, and somebody may wait for the last one.
    ended: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    /// By number: the first one has waited longest.
    pub(super) waiting: BTreeMap<u64, Work>,
    next_number: u64,
    pub(super) threads: usize,
    /// Those that wait for work, or were just started for it.
    pub(super) idle: usize,
    /// The numbers in the names of the threads.
    numbers: BTreeSet<usize>,
    phase: Phase,
    has_warned: bool,
}

/// What becomes of work.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// It is taken in and done.
    #[default]
    Open,
    /// What is there is done.
    Draining,
    /// Nothing more begins.
    Closed,
}

impl Queue {
    pub(super) fn new(name: Box<str>, bounds: Bounds, starter: Starter) -> Self {
        Self { name, bounds, starter, state: Mutex::default(), changed: Condvar::new(), ended: Condvar::new() }
    }

    pub(super) const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Queues work, and starts a thread if none is there for it. The number is for [`Self::remove`].
    ///
    /// # Errors
    /// There is no place: the work comes back.
    pub(super) fn push(self: &Arc<Self>, work: Work) -> Result<u64, Work> {
        let mut state = self.lock();
        let running = state.threads - state.idle;
        let free = self.bounds.threads.get() - running;
        if state.waiting.len() >= self.bounds.waiting.saturating_add(free) {
            return Err(work);
        }
        let is_beyond = state.waiting.len() >= state.idle;
        if is_beyond && state.threads < self.bounds.threads.get() {
            let started = self.start(&mut state);
            let places = self.bounds.waiting.saturating_add(state.idle);
            if started.is_err() && (state.threads == 0 || state.waiting.len() >= places) {
                return Err(work);
            }
        }
        let number = state.next_number;
        state.next_number += 1;
        state.waiting.insert(number, work);
        drop(state);
        self.changed.notify_one();
        Ok(number)
    }

    /// Takes work back that has not begun.
    pub(super) fn remove(&self, number: u64) -> Option<Work> {
        self.lock().waiting.remove(&number)
    }

    /// Has what waits done, and waits until its threads have ended, but not beyond that time. Whether they have.
    pub(super) fn drain(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.lock();
        state.phase = Phase::Draining;
        self.changed.notify_all();
        while state.threads > 0 {
            state = match deadline {
                None => self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// Nothing more begins. Work that waits is dropped.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        self.changed.notify_all();
        // Outside of the lock: what work owns may do anything when it is dropped.
        drop(waiting);
    }

    /// With the lock held, so that nobody counts on a thread that the system does not give.
    fn start(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let queue = Arc::clone(self);
        // There are at most as many as threads, so one of the numbers is free.
        let number = (1..=state.threads + 1).find(|number| !state.numbers.contains(number)).unwrap_or_default();
        match (self.starter)(format!("{}-{number}", self.name), Box::new(move || queue.run(number))) {
            Ok(()) => {
                state.numbers.insert(number);
                state.threads += 1;
                state.idle += 1;
                Ok(())
            }
            Err(error) => {
                if !mem::replace(&mut state.has_warned, true) {
                    log::warn!("cannot start another thread for the pool {}: {error}", self.name);
                }
                Err(error)
            }
        }
    }

    /// What a thread does. It was counted as idle when it was started.
    fn run(&self, number: usize) {
        let mut state = self.lock();
        loop {
            let is_vain = |state: &mut State| state.waiting.is_empty() && state.phase == Phase::Open;
            let waited = self.changed.wait_timeout_while(state, self.bounds.idle_time.into(), is_vain);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let Some((_, work)) = state.waiting.pop_first() else { break };
            state.idle -= 1;
            drop(state);
            contain(work);
            state = self.lock();
            state.idle += 1;
        }
        state.idle -= 1;
        state.threads -= 1;
        state.numbers.remove(&number);
        let is_waited_for = state.phase == Phase::Draining;
        drop(state);
        if is_waited_for {
            self.ended.notify_all();
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // No work runs with the lock held, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn start_thread(name: String, run: Work) -> io::Result<()> {
    // Nobody joins it: it may wait for a disk when all else has ended.
    thread::Builder::new().name(name).spawn(run).map(drop)
}

/// Does the work, and stops its panics. It owns all it uses and is consumed, so nobody sees what a panic left half done.
fn contain(work: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(work)) else { return };
    // What it panicked with may panic itself when it is dropped.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(payload);
    }
}
