//! The pool with real threads. Times are bounds for a test that fails.

mod joining;
mod threads;

use super::*;
use alloc::task::Wake;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, Mutex};
use std::thread;

/// A waker that counts, and can be waited for.
#[derive(Default)]
struct Bell {
    rung: Mutex<usize>,
    changed: Condvar,
}

impl Bell {
    fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    fn rung(&self) -> usize {
        *self.rung.lock().unwrap()
    }

    fn wait_for(&self, times: usize) {
        let rung = self.rung.lock().unwrap();
        let waited =
            self.changed.wait_timeout_while(rung, Duration::from_secs(20).into(), |rung| *rung < times).unwrap();
        assert!(!waited.1.timed_out(), "never woken");
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

fn bounds(threads: usize, waiting: usize) -> Bounds {
    Bounds { threads: NonZeroUsize::new(threads).unwrap(), waiting, ..Bounds::DEFAULT }
}

fn pool(threads: usize, waiting: usize) -> Pool {
    Pool::new("worker", bounds(threads, waiting))
}

/// A job that runs until the returned end is dropped.
fn occupy(pool: &Pool) -> (Job<()>, Sender<()>) {
    let (started, has_started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let work = move || {
        started.send(()).unwrap();
        let _ = released.recv();
    };
    let job = pool.spawn(work).unwrap();
    has_started.recv().unwrap();
    (job, release)
}

/// Looks again until it is so.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10).into());
    }
    panic!("never: {what}");
}

/// Drops the pool, and waits until its threads are gone with all that their jobs owned.
fn end(pool: Pool) {
    let queue = Arc::clone(&pool.queue);
    drop(pool);
    wait_until("the end of its threads", || queue.lock().threads == 0);
}

fn take<T>(job: &mut Job<T>, bell: &Bell) -> Result<T, Lost> {
    bell.wait_for(1);
    job.take().expect("woken for nothing")
}

#[test]
fn a_value_comes_once_and_with_a_wake_up() {
    let pool = pool(2, 8);
    let (bell, waker) = Bell::new();
    let mut job = pool.spawn_waking(&waker, || 6 * 7).unwrap();
    assert_eq!(take(&mut job, &bell), Ok(42));
    assert_eq!((job.take(), bell.rung()), (Some(Err(Lost)), 1));
}

#[test]
fn work_that_runs_has_no_value_yet() {
    let pool = pool(1, 0);
    let (mut job, release) = occupy(&pool);
    assert_eq!(job.take(), None);
    drop(release);
    wait_until("the value", || job.take() == Some(Ok(())));
}

#[test]
fn a_full_pool_says_so_and_wakes_nobody() {
    for threads in 1..4 {
        for waiting in 0..3 {
            let pool = pool(threads, waiting);
            let running: Vec<_> = (0..threads).map(|_| occupy(&pool)).collect();
            let queued: Vec<_> = (0..waiting).map(|_| pool.spawn(|| ()).unwrap()).collect();
            let (bell, waker) = Bell::new();
            let owned = Arc::new(());
            let witness = Arc::clone(&owned);
            assert_eq!(pool.spawn_waking(&waker, move || drop(witness)).err(), Some(Full), "{threads} {waiting}");
            assert_eq!(Arc::strong_count(&owned), 1);
            drop((running, queued));
            end(pool);
            assert_eq!(bell.rung(), 0);
        }
    }
}

#[test]
fn jobs_begin_in_their_order() {
    let pool = pool(1, 8);
    let (job, release) = occupy(&pool);
    let order = Arc::new(Mutex::new(Vec::new()));
    let (bell, waker) = Bell::new();
    let spawn = |number| {
        let order = Arc::clone(&order);
        pool.spawn_waking(&waker, move || order.lock().unwrap().push(number)).unwrap()
    };
    let queued: Vec<_> = (0..8).map(spawn).collect();
    drop((job, release));
    bell.wait_for(queued.len());
    assert_eq!(*order.lock().unwrap(), Vec::from_iter(0..8));
}

#[test]
fn a_panic_ends_its_job_and_no_thread() {
    /// Panics once more when it is dropped.
    struct Twice;

    impl Drop for Twice {
        fn drop(&mut self) {
            panic!("on purpose, again");
        }
    }

    let pool = pool(1, 8);
    let works: [fn(); 2] = [|| panic!("on purpose"), || std::panic::panic_any(Twice)];
    for work in works {
        let (bell, waker) = Bell::new();
        let mut job = pool.spawn_waking(&waker, work).unwrap();
        assert_eq!(take(&mut job, &bell), Err(Lost));
        let (bell, waker) = Bell::new();
        let mut job = pool.spawn_waking(&waker, || 1).unwrap();
        assert_eq!(take(&mut job, &bell), Ok(1));
        assert_eq!(pool.queue.lock().threads, 1);
    }
}

#[test]
fn a_job_that_is_dropped_before_it_begins_is_not_done_and_gives_its_place_back() {
    let pool = pool(1, 1);
    let running = occupy(&pool);
    let (bell, waker) = Bell::new();
    let (owned, is_done) = (Arc::new(()), Arc::new(AtomicBool::new(false)));
    for _ in 0..100 {
        let (witness, mark) = (Arc::clone(&owned), Arc::clone(&is_done));
        let work = move || {
            mark.store(true, Ordering::Relaxed);
            witness
        };
        drop(pool.spawn_waking(&waker, work).unwrap());
        // At once, although the thread is not free.
        assert_eq!((Arc::strong_count(&owned), pool.queue.lock().waiting.len()), (1, 0));
    }
    drop(running);
    end(pool);
    assert_eq!((is_done.load(Ordering::Relaxed), bell.rung()), (false, 0));
}

#[test]
fn a_value_that_nobody_wants_any_more_is_dropped() {
    let pool = pool(1, 8);
    let (bell, waker) = Bell::new();
    let value = Arc::new(());
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = mpsc::channel();
    let copy = Arc::clone(&value);
    let work = move || {
        started.send(()).unwrap();
        let _ = released.recv();
        copy
    };
    let job = pool.spawn_waking(&waker, work).unwrap();
    has_started.recv().unwrap();
    drop(job);
    drop(release);
    end(pool);
    assert_eq!((Arc::strong_count(&value), bell.rung()), (1, 0));
}

#[test]
fn a_value_that_nobody_takes_is_dropped_with_its_job() {
    let pool = pool(1, 8);
    let (bell, waker) = Bell::new();
    let value = Arc::new(());
    let copy = Arc::clone(&value);
    let job = pool.spawn_waking(&waker, || copy).unwrap();
    bell.wait_for(1);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(job);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// Every job is done at most once, and exactly once where its value is taken; no more run at once than may.
#[test]
fn many_who_spawn_take_and_leave_at_once() {
    const THREADS: usize = 3;
    let pool = Pool::new("worker", Bounds { idle_time: Duration::from_micros(50), ..bounds(THREADS, 4) });
    let (done, running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let most = Arc::new(most);
    let (taken, left, full) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let user = |number: usize| {
        for round in 0..500 {
            let (done, running, most) = (Arc::clone(&done), Arc::clone(&running), Arc::clone(&most));
            let work = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                done.fetch_add(1, Ordering::SeqCst);
                round
            };
            let (bell, waker) = Bell::new();
            match pool.spawn_waking(&waker, work) {
                Err(Full) => _ = full.fetch_add(1, Ordering::SeqCst),
                Ok(job) if (round + number).is_multiple_of(3) => {
                    drop(job);
                    left.fetch_add(1, Ordering::SeqCst);
                }
                Ok(mut job) => {
                    assert_eq!((take(&mut job, &bell), bell.rung()), (Ok(round), 1));
                    taken.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    };
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || user(number));
        }
    });
    end(pool);
    let [taken, left, full, done, most] =
        [&taken, &left, &full, &*done, &*most].map(|count| count.load(Ordering::SeqCst));
    assert_eq!(taken + left + full, 8 * 500);
    assert!(taken > 0 && taken <= done && done <= taken + left, "{taken} {left} {full} {done}");
    assert!(most <= THREADS, "{most} ran at once");
}
