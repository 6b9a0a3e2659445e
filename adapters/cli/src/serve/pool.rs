//! A few threads that wait for disks, so that the server's thread never does.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroUsize;
use core::panic::AssertUnwindSafe;
use core::task::Waker;
use std::io;
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::oneshot::{Reply, reply};

type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads behind a bounded queue.
///
/// A panic in a job ends that job only (where the program is built with `panic = "abort"` it ends the program, as
/// anywhere). Dropping the pool throws the queue away and leaves the jobs that run to themselves: a disk that does not
/// answer must not keep the program from ending.
pub struct Pool {
    queue: Arc<Queue>,
    threads: usize,
}

impl Pool {
    /// Starts the threads. At most `waiting` jobs are queued beside those that run.
    ///
    /// # Errors
    ///
    /// The system would not give a thread.
    pub fn new(threads: NonZeroUsize, waiting: usize) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State { jobs: VecDeque::new(), idle: 0, closed: false }),
            changed: Condvar::new(),
            waiting,
        });
        // From here on, so that the threads end where not all of them could be had.
        let pool = Self { queue, threads: threads.get() };
        for _ in 0..threads.get() {
            let queue = Arc::clone(&pool.queue);
            thread::Builder::new().name("wirenut disk".into()).spawn(move || queue.work())?;
        }
        Ok(pool)
    }

    /// Has a thread do the job as soon as one is free. Never blocks.
    ///
    /// # Errors
    ///
    /// [`Busy`]: the job was dropped undone.
    pub fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Busy> {
        self.queue.push(Box::new(job)).map_err(|_job| Busy)
    }

    /// Has a thread make a value, and the waker woken when it is there. Where the reply is dropped before a thread is
    /// free, the work is not done at all.
    ///
    /// # Errors
    ///
    /// [`Busy`]: the work was dropped undone, and the waker will not be woken.
    pub fn ask<T: Send + 'static>(
        &self,
        waker: &Waker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Reply<T>, Busy> {
        let (promise, reply) = reply(waker);
        let job = Box::new(move || {
            if promise.is_wanted() {
                promise.fulfil(work());
            }
        });
        match self.queue.push(job) {
            Ok(()) => Ok(reply),
            Err(job) => {
                // In this order: the broken promise would wake a caller who may not come back at once.
                drop(reply);
                drop(job);
                Err(Busy)
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let thrown_away = {
            let mut state = self.queue.lock();
            state.closed = true;
            core::mem::take(&mut state.jobs)
        };
        self.queue.changed.notify_all();
        // Outside the lock: what a job owns may do anything when it is dropped.
        drop(thrown_away);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads).field("waiting", &self.queue.waiting).finish()
    }
}

/// All threads work and the queue is full. Nobody is woken when that changes: come back at a time of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    waiting: usize,
}

struct State {
    jobs: VecDeque<Job>,
    /// Threads that wait for a job: a job for one of them takes no place in the queue.
    idle: usize,
    closed: bool,
}

impl Queue {
    fn push(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.jobs.len() >= self.waiting.saturating_add(state.idle) {
            return Err(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            // A job owns all it uses and is consumed, so nobody sees what a panic left half done.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        state.idle += 1;
        let mut state = self
            .changed
            .wait_while(state, |state| state.jobs.is_empty() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state.jobs.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No job runs with the lock held, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::oneshot::tests::Bell;
    use super::super::oneshot::{Lost, Reply};
    use super::*;
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::task::Poll;
    use std::sync::mpsc;

    pub(crate) fn pool(threads: usize, waiting: usize) -> Pool {
        Pool::new(NonZeroUsize::new(threads).unwrap(), waiting).unwrap()
    }

    /// Keeps the pool's one thread busy until the returned end is dropped.
    pub(crate) fn occupy(pool: &Pool) -> mpsc::Sender<()> {
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        // A thread that was just started may not wait for jobs yet, and a pool without a queue then has no room.
        while pool.queue.lock().idle == 0 {
            thread::yield_now();
        }
        pool.submit(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
        has_started.recv().unwrap();
        release
    }

    /// Drops the pool, and waits until its threads are gone with all that their jobs owned.
    fn end(pool: Pool) {
        let queue = Arc::clone(&pool.queue);
        drop(pool);
        while Arc::strong_count(&queue) > 1 {
            thread::yield_now();
        }
    }

    fn take<T>(reply: &mut Reply<T>, bell: &Bell) -> Result<T, Lost> {
        bell.wait_for(1);
        match reply.try_take() {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("woken for nothing"),
        }
    }

    #[test]
    fn value_comes_with_a_wake_up() {
        let pool = pool(2, 8);
        let (bell, waker) = Bell::new();
        let mut reply = pool.ask(&waker, || 6 * 7).unwrap();
        assert_eq!(take(&mut reply, &bell), Ok(42));
    }

    #[test]
    fn full_queue_is_busy_and_wakes_nobody() {
        for waiting in 0..3 {
            let pool = pool(1, waiting);
            let release = occupy(&pool);
            for _ in 0..waiting {
                pool.submit(|| ()).unwrap();
            }
            let (bell, waker) = Bell::new();
            assert_eq!(pool.submit(|| ()), Err(Busy));
            assert_eq!(pool.ask(&waker, || ()).err(), Some(Busy));
            drop(release);
            end(pool);
            assert_eq!(bell.rung(), 0);
        }
    }

    #[test]
    fn panic_ends_its_job_only() {
        let pool = pool(1, 8);
        let (bell, waker) = Bell::new();
        let mut reply = pool.ask(&waker, || panic!("on purpose")).unwrap();
        assert_eq!(take::<()>(&mut reply, &bell), Err(Lost));

        let (bell, waker) = Bell::new();
        let mut reply = pool.ask(&waker, || 1).unwrap();
        assert_eq!(take(&mut reply, &bell), Ok(1));
    }

    #[test]
    fn work_for_a_dropped_reply_is_not_done() {
        let pool = pool(1, 8);
        let release = occupy(&pool);
        let (bell, waker) = Bell::new();
        let owned = Arc::new(());
        let witness = Arc::clone(&owned);
        drop(pool.ask(&waker, move || drop(witness)).unwrap());

        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        drop(pool.ask(&waker, move || mark.store(true, Ordering::Relaxed)).unwrap());
        drop(release);
        end(pool);
        assert_eq!((Arc::strong_count(&owned), bell.rung()), (1, 0));
        assert!(!done.load(Ordering::Relaxed));
    }

    #[test]
    fn value_for_a_dropped_reply_vanishes() {
        let pool = pool(1, 8);
        let (bell, waker) = Bell::new();
        let value = Arc::new(());
        let (release, released) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let copy = Arc::clone(&value);
        let reply = pool
            .ask(&waker, move || {
                started.send(()).unwrap();
                let _ = released.recv();
                copy
            })
            .unwrap();
        has_started.recv().unwrap();
        drop(reply);
        drop(release);
        end(pool);
        assert_eq!((Arc::strong_count(&value), bell.rung()), (1, 0));
    }

    #[test]
    fn dropping_waits_for_nothing_and_loses_what_waits() {
        let pool = pool(1, 8);
        let release = occupy(&pool);
        let (bell, waker) = Bell::new();
        let mut reply = pool.ask(&waker, || ()).unwrap();
        drop(pool);
        assert_eq!(take(&mut reply, &bell), Err(Lost));
        drop(release);
    }
}
