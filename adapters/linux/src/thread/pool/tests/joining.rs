//! The end of a pool, and of a job.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Waker;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use wirenut::time::Duration;

use super::super::Lost;
use super::{Bell, occupy, pool, take, wait_until};

#[test]
fn dropping_the_pool_waits_for_nothing_and_loses_what_waits() {
    let pool = pool(1, 8);
    let (mut running, release) = occupy(&pool);
    let (bell, waker) = Bell::new();
    let mut queued = pool.spawn_waking(&waker, || ()).unwrap();
    drop(pool);
    assert_eq!(take(&mut queued, &bell), Err(Lost));
    // What runs goes on, and its value comes.
    assert_eq!(running.take(), None);
    drop(release);
    wait_until("the value", || running.take() == Some(Ok(())));
}

#[test]
fn joining_has_all_done_and_leaves_no_thread() {
    for threads in 1..4 {
        let (pool, done) = (pool(threads, 1_000), Arc::new(AtomicUsize::new(0)));
        let queue = Arc::clone(&pool.queue);
        let spawn = |_| {
            let done = Arc::clone(&done);
            pool.spawn(move || done.fetch_add(1, Ordering::SeqCst)).unwrap()
        };
        let jobs: Vec<_> = (0..500).map(spawn).collect();
        pool.join();
        assert_eq!(done.load(Ordering::SeqCst), 500);
        let state = queue.lock();
        assert_eq!((state.threads, state.waiting.len()), (0, 0));
        drop(state);
        assert!(jobs.into_iter().all(|mut job| matches!(job.take(), Some(Ok(_)))));
    }
}

#[test]
fn joining_a_pool_without_jobs_ends_at_once() {
    pool(4, 4).join();
    let pool = pool(4, 4);
    assert_eq!(pool.spawn(|| 1).unwrap().join(), Ok(1));
    assert!(pool.join_timeout(Duration::from_secs(20)));
}

#[test]
fn joining_for_too_short_a_time_loses_what_waits() {
    let pool = pool(1, 8);
    let (running, release) = occupy(&pool);
    let queued = pool.spawn(|| ()).unwrap();
    let queue = Arc::clone(&pool.queue);
    assert!(!pool.join_timeout(Duration::from_millis(1)));
    assert_eq!(queued.join(), Err(Lost));
    drop(release);
    assert_eq!(running.join(), Ok(()));
    wait_until("the end of its thread", || queue.lock().threads == 0);
}

#[test]
fn a_job_can_be_waited_for_while_it_is_not_done() {
    let pool = pool(1, 8);
    let (mut job, release) = occupy(&pool);
    for limit in [0, 1, 2_000] {
        assert_eq!(job.wait_timeout(Duration::from_micros(limit)), None);
    }
    let releasing = thread::spawn(move || drop(release));
    assert_eq!(job.wait_timeout(Duration::from_micros(u64::MAX)), Some(Ok(())));
    assert_eq!(job.join(), Err(Lost));
    releasing.join().unwrap();
}

/// A waker is foreign code.
#[test]
fn who_joins_is_woken_though_the_waker_panics() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker panics");
        }
    }
    let pool = pool(1, 0);
    let (joins, is_joined) = mpsc::channel();
    let work = move || {
        is_joined.recv().unwrap();
        // So that the other thread has parked, most likely.
        thread::sleep(core::time::Duration::from_millis(50));
        7
    };
    let mut job = pool.spawn_waking(&Waker::from(Arc::new(Panics)), work).unwrap();
    let begun = Instant::now();
    joins.send(()).unwrap();
    assert_eq!(job.wait_timeout(Duration::from_secs(20)), Some(Ok(7)));
    assert!(begun.elapsed().as_secs() < 20, "woken by the limit alone");
    pool.join();
}
