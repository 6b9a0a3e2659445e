//! A compression under way, and all requests that wait for it.

use alloc::sync::{Arc, Weak};
use alloc::task::Wake;
use core::mem;
use core::task::Waker;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut_server::blocking::{Job, Pool};

use super::store::{Compressed, Key};

/// What becomes of a compression. `None`: nothing, as the file has changed meanwhile, could not be read, or memory ran out.
pub type Outcome = Option<Arc<Compressed>>;

/// One request's share in a compression. When the last one is dropped, work that has not begun is taken back.
#[derive(Debug)]
pub struct Compressing(Arc<Flight>);

#[derive(Debug)]
struct Flight {
    progress: Mutex<Progress>,
    waiting: Arc<Waiting>,
}

#[derive(Debug)]
enum Progress {
    Running(Job<Outcome>),
    Finished(Outcome),
}

impl Compressing {
    /// Has the pool do the work, and `waker` woken once it is done. `None`: the pool is full.
    pub(super) fn begin(pool: &Pool, waker: &Waker, work: impl FnOnce() -> Outcome + Send + 'static) -> Option<Self> {
        let waiting = Arc::new(Waiting(Mutex::new(Some(vec![waker.clone()]))));
        let job = pool.spawn(&Waker::from(Arc::clone(&waiting)), work).ok()?;
        Some(Self(Arc::new(Flight { progress: Mutex::new(Progress::Running(job)), waiting })))
    }

    /// The outcome, if it is there. `None`: not yet; the waker will be woken.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let mut progress = lock(&self.0.progress);
        if let Progress::Running(job) = &mut *progress {
            // Work that panics has no outcome.
            *progress = Progress::Finished(job.take()?.ok().flatten());
        }
        match &*progress {
            Progress::Finished(outcome) => Some(outcome.clone()),
            Progress::Running(_) => None,
        }
    }
}

/// Whom to wake once the work is done. `None`: it is done.
#[derive(Debug)]
struct Waiting(Mutex<Option<Vec<Waker>>>);

impl Waiting {
    fn join(&self, waker: &Waker) {
        // Who joins too late finds the outcome, which is there before anybody is woken.
        if let Some(wakers) = &mut *lock(&self.0) {
            wakers.push(waker.clone());
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let wakers = mem::take(&mut *lock(&self.0));
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// The compressions that others may join.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Key, Weak<Flight>>>);

impl Flights {
    /// Joins the compression of this file, or begins it. `None`: it could not be begun.
    ///
    /// Look for the outcome at once: where it is there already, the waker is not woken.
    pub(super) fn join_or(
        &self,
        key: Key,
        waker: &Waker,
        begin: impl FnOnce() -> Option<Compressing>,
    ) -> Option<Compressing> {
        let mut flights = lock(&self.0);
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            flight.waiting.join(waker);
            return Some(Compressing(flight));
        }
        let compressing = begin()?;
        // No more are left than requests wait.
        flights.retain(|_, flight| flight.strong_count() > 0);
        flights.insert(key, Arc::downgrade(&compressing.0));
        Some(compressing)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever holds a lock only moves values, so a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::waiting::{Bell, occupy, pool};
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::time::UNIX_EPOCH;

    fn key(number: u64) -> Key {
        Key { identity: (1, number), length: 3, modified: None, changed: UNIX_EPOCH }
    }

    #[test]
    fn who_asks_meanwhile_shares_the_work() {
        let (pool, flights, begun) = (pool(1, 1), Flights::default(), Arc::new(AtomicUsize::new(0)));
        let begin = |waker: &Waker, key| {
            flights.join_or(key, waker, || {
                let begun = Arc::clone(&begun);
                Compressing::begin(&pool, waker, move || {
                    begun.fetch_add(1, Ordering::Relaxed);
                    None
                })
            })
        };
        let bells: Vec<_> = (0..10).map(|_| Bell::new()).collect();
        let occupied = occupy(&pool);
        let waiting: Vec<_> = bells.iter().map(|(_, waker)| begin(waker, key(1)).unwrap()).collect();
        let (other, other_waker) = Bell::new();
        assert!(begin(&other_waker, key(2)).is_none(), "the pool is full");
        assert!(waiting.iter().all(|share| share.outcome().is_none()));
        drop(occupied);
        for ((bell, _), share) in bells.iter().zip(&waiting) {
            bell.wait_for(1);
            assert!(matches!(share.outcome(), Some(None)) && matches!(share.outcome(), Some(None)));
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1);
        let late = begin(&other_waker, key(1)).unwrap();
        assert!(matches!(late.outcome(), Some(None)), "it is done");
        assert_eq!((begun.load(Ordering::Relaxed), other.rung()), (1, 0));
    }

    #[test]
    fn work_goes_on_for_those_who_stay_and_ends_with_the_last() {
        let (pool, flights, (bell, waker)) = (pool(1, 1), Flights::default(), Bell::new());
        let begin = || flights.join_or(key(1), &waker, || Compressing::begin(&pool, &waker, || None)).unwrap();
        let occupied = occupy(&pool);
        let (first, second) = (begin(), begin());
        drop(first);
        drop(occupied);
        bell.wait_for(2);
        assert!(matches!(second.outcome(), Some(None)), "the first has left");
        drop(second);
        let _occupied = occupy(&pool);
        drop(begin());
        assert_eq!(lock(&flights.0).len(), 1);
        drop(begin_after_all(&flights, &pool));
        assert_eq!(lock(&flights.0).len(), 1, "what nobody waits for is forgotten");
    }

    fn begin_after_all(flights: &Flights, pool: &Pool) -> Option<Compressing> {
        let waker = Waker::noop();
        flights.join_or(key(1), waker, || Compressing::begin(pool, waker, || None))
    }

    #[test]
    fn work_that_panics_has_no_outcome() {
        let (pool, (bell, waker)) = (pool(1, 1), Bell::new());
        let share = Compressing::begin(&pool, &waker, || panic!("this is printed")).unwrap();
        bell.wait_for(1);
        assert!(matches!(share.outcome(), Some(None)));
    }
}
