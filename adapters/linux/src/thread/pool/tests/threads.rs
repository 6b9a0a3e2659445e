//! The threads of a pool: how many, when, and what they are called.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::{io, thread};

use wirenut::time::Duration;

use super::super::queue::{self, Work};
use super::super::{Bounds, Full, Job, Pool, Queue};
use super::{Bell, bounds, occupy, pool, take, wait_until};

#[test]
fn threads_are_started_for_work_up_to_the_bound_and_end_when_they_are_idle() {
    let pool = Pool::new("worker", Bounds { idle_time: Duration::default(), ..bounds(3, 8) });
    let threads = || pool.queue.lock().threads;
    assert_eq!(threads(), 0);
    let mut running = Vec::new();
    for number in 1..4 {
        running.push(occupy(&pool));
        assert_eq!(threads(), number);
    }
    let (bell, waker) = Bell::new();
    let mut queued = pool.spawn_waking(&waker, thread::current).unwrap();
    assert_eq!(threads(), 3);
    drop(running);
    assert!(take(&mut queued, &bell).unwrap().name().unwrap().starts_with("worker-"));
    wait_until("their end", || threads() == 0);
    // Others are started for what comes then.
    let (bell, waker) = Bell::new();
    let mut later = pool.spawn_waking(&waker, || 1).unwrap();
    assert_eq!(take(&mut later, &bell), Ok(1));
}

#[test]
fn a_thread_that_is_idle_is_taken_before_another_one_is_started() {
    let pool = pool(8, 8);
    for _ in 0..20 {
        let (bell, waker) = Bell::new();
        let mut job = pool.spawn_waking(&waker, || ()).unwrap();
        assert_eq!(take(&mut job, &bell), Ok(()));
        wait_until("its return", || pool.queue.lock().idle == 1);
    }
    assert_eq!(pool.queue.lock().threads, 1);
}

/// Each of the threads that are there at a time has a name of its own, and the numbers are used again.
#[test]
fn threads_have_names_of_their_own() {
    let pool = Pool::new("a\0b", Bounds { idle_time: Duration::default(), ..bounds(3, 0) });
    for _ in 0..3 {
        let (name, named) = mpsc::channel();
        let jobs: Vec<_> = (0..3)
            .map(|_| {
                let (name, (release, released)) = (name.clone(), mpsc::channel::<()>());
                let work = move || {
                    name.send(thread::current().name().map(str::to_owned)).unwrap();
                    let _ = released.recv();
                };
                (pool.spawn(work).unwrap(), release)
            })
            .collect();
        let mut names: Vec<_> = (0..3).map(|_| named.recv().unwrap().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["a-1", "a-2", "a-3"]);
        drop(jobs);
        wait_until("their end", || pool.queue.lock().threads == 0);
    }
}

/// Where the system gives no thread, nothing waits for one in vain.
#[test]
fn without_a_thread_the_pool_is_full() {
    fn no_thread(_: String, _: Work) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::WouldBlock))
    }
    let pool = Pool { queue: Arc::new(Queue::new("worker".into(), bounds(4, 8), no_thread)) };
    for _ in 0..3 {
        assert_eq!(pool.spawn(|| ()).err(), Some(Full));
    }
    let state = pool.queue.lock();
    assert_eq!((state.threads, state.idle, state.waiting.len()), (0, 0, 0));
}

/// One thread is there, and the system gives no more: work waits for that one, as long as there are places.
#[test]
fn with_fewer_threads_than_allowed_work_waits_for_those_there_are() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    fn one_thread(name: String, run: Work) -> io::Result<()> {
        match STARTED.fetch_add(1, Ordering::SeqCst) {
            0 => queue::start_thread(name, run),
            _ => Err(io::Error::from(io::ErrorKind::WouldBlock)),
        }
    }
    let pool = Pool { queue: Arc::new(Queue::new("worker".into(), bounds(4, 2), one_thread)) };
    let running = occupy(&pool);
    let (bell, waker) = Bell::new();
    let mut queued = [(); 2].map(|()| pool.spawn_waking(&waker, || 1).unwrap());
    assert_eq!(pool.spawn_waking(&waker, || 1).err(), Some(Full));
    drop(running);
    bell.wait_for(2);
    assert_eq!(queued.each_mut().map(Job::take), [Some(Ok(1)); 2]);
}
