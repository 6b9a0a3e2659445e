//! The queue by which threads wake the one that waits: nothing is lost, whenever it comes.

extern crate alloc;

use alloc::sync::Arc;
use std::os::fd::AsFd;
use std::thread;

use wirenut::time::Duration;
use wirenut_linux::poller::{Epoll, Interest, Poller, Token, Waited};
use wirenut_linux::wake::WakeQueue;

const QUEUE: Token = Token(0);
const NO_TIME: Option<Duration> = Some(Duration::from_micros(0));

fn watched<T>(queue: &WakeQueue<T>) -> Epoll {
    let mut poller = Epoll::new().unwrap();
    poller.register(queue.as_fd(), QUEUE, Interest::READABLE).unwrap();
    poller
}

/// Whether it is readable now.
fn is_ringing(poller: &mut Epoll) -> bool {
    let waited = poller.wait(NO_TIME).unwrap();
    while poller.next_event().is_some() {}
    waited == Waited::Ready
}

/// The owner waits without a time-out each time that it may: if anything were lost, it would wait for ever.
#[test]
fn nothing_is_lost_between_threads_that_push_and_one_that_waits() {
    const THREADS: u32 = 3;
    const EACH: u32 = 20_000;
    let queue = Arc::new(WakeQueue::new().unwrap());
    let mut poller = watched(&queue);
    let pushers: Vec<_> = (0..THREADS)
        .map(|thread| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || (0..EACH).for_each(|number| queue.push((thread, number))))
        })
        .collect();
    let (mut next, mut taken) = ([0; THREADS as usize], Vec::new());
    while next != [EACH; THREADS as usize] {
        let is_pending = queue.prepare_wait();
        let _ = poller.wait(if is_pending { NO_TIME } else { Some(Duration::from_secs(20)) }).unwrap();
        let has_come = queue.finish_wait() || is_pending;
        let was_told = poller.next_event().is_some();
        if was_told {
            queue.silence();
        }
        assert!(has_come || was_told, "20 seconds without anything: {next:?}");
        if has_come {
            taken = queue.take(taken);
            for (thread, number) in taken.drain(..) {
                assert_eq!(number, next[thread as usize], "each thread's in its order, and once");
                next[thread as usize] += 1;
            }
        }
    }
    pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
    assert!(queue.take(Vec::new()).is_empty());
}

/// What the system is asked for: only by the first push that finds the owner waiting.
#[test]
fn the_bell_rings_only_for_an_owner_that_waits() {
    let queue = WakeQueue::new().unwrap();
    let mut poller = watched(&queue);
    queue.push(1);
    assert!(!is_ringing(&mut poller), "the owner works");
    assert!(queue.prepare_wait(), "it must not wait");
    assert!(!queue.finish_wait());
    assert_eq!(queue.take(Vec::new()), [1]);

    assert!(!queue.prepare_wait());
    queue.push(2);
    assert!(is_ringing(&mut poller), "the owner waits");
    queue.silence();
    queue.push(3);
    assert!(!is_ringing(&mut poller), "it is already told");
    assert!(queue.finish_wait());
    assert_eq!(queue.take(Vec::new()), [2, 3]);

    assert!(!queue.prepare_wait());
    queue.notify();
    assert!(is_ringing(&mut poller));
    queue.silence();
    assert!(queue.finish_wait() && queue.take(Vec::new()).is_empty());
}
