//! What is no socket: bells, timers, signals, and time itself.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::os::fd::AsFd;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};
use wirenut::time::{Duration, Instant};
use wirenut_linux::poller::{Bell, Interest, Timer, Token, Waited};
use wirenut_linux::signal;

use crate::Tested;

const READ: Interest = Interest::READABLE;

/// How long what must come may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that starts now.
fn clock() -> impl Fn() -> Instant {
    let start = std::time::Instant::now();
    move || Instant::from_micros(u64::try_from(start.elapsed().as_micros()).unwrap())
}

pub(crate) fn a_bell_wakes_from_another_thread<P: Tested>() {
    let mut poller = P::make();
    let (bell, is_there) = (Bell::new().unwrap(), Arc::new(AtomicBool::new(false)));
    poller.register(bell.as_fd(), Token(1), READ).unwrap();
    for _ in 0..100 {
        let (ringer, letter) = (Waker::from(Arc::new(bell.clone())), Arc::clone(&is_there));
        let ringing = thread::spawn(move || {
            letter.store(true, Ordering::SeqCst);
            ringer.wake();
        });
        while !is_there.swap(false, Ordering::SeqCst) {
            assert!(poller.wait_until(Some(Instant::START.saturating_add(PATIENCE)), clock()).unwrap());
            while poller.next_event().is_some() {
                bell.silence();
            }
        }
        ringing.join().unwrap();
    }
}

pub(crate) fn a_timer_is_told_when_its_time_has_come<P: Tested>() {
    let mut poller = P::make();
    let timer = Timer::new().unwrap();
    poller.register(timer.as_fd(), Token(1), READ).unwrap();
    assert_eq!((poller.look(), timer.expirations().unwrap()), (vec![], 0));
    // None at all is at once, and not never.
    for after in [0, 1, 3_000] {
        timer.set_once(Duration::from_micros(after)).unwrap();
        let start = std::time::Instant::now();
        assert_eq!(poller.wait(Some(PATIENCE)).unwrap(), Waited::Ready);
        assert!(start.elapsed() >= core::time::Duration::from_micros(after.saturating_sub(1_000)));
        assert!(poller.next_event().unwrap().is_readable());
        assert_eq!((timer.expirations().unwrap(), timer.expirations().unwrap()), (1, 0));
    }
    timer.set_every(Duration::from_millis(1)).unwrap();
    let mut expirations = 0;
    while expirations < 3 {
        assert_eq!(poller.wait(Some(PATIENCE)).unwrap(), Waited::Ready);
        assert!(poller.next_event().is_some());
        expirations += timer.expirations().unwrap();
    }
    timer.set_once(Duration::from_secs(3_600)).unwrap();
    timer.stop().unwrap();
    assert_eq!((poller.look(), timer.expirations().unwrap()), (vec![], 0));
}

pub(crate) fn a_wait_ends_at_its_deadline<P: Tested>() {
    let mut poller = P::make();
    let now = clock();
    let until = now().saturating_add(Duration::from_micros(2_300));
    assert!(!poller.wait_until(Some(until), &now).unwrap());
    assert!(now() >= until);
    // One that is over still looks.
    let bell = Bell::new().unwrap();
    bell.ring();
    poller.register(bell.as_fd(), Token(1), READ).unwrap();
    assert!(poller.wait_until(Some(until), &now).unwrap());
}

/// It is readable for good, for whoever asks: each of these tests sends the signal, and finds its own or another's.
pub(crate) fn the_end_of_the_process_is_told<P: Tested>() {
    let mut poller = P::make();
    let termination = signal::termination().unwrap();
    poller.register(termination.as_fd(), Token(1), READ).unwrap();
    kill_process(getpid(), Signal::TERM).unwrap();
    assert!(poller.wait_until(Some(Instant::START.saturating_add(PATIENCE)), clock()).unwrap());
    assert_eq!(poller.next_event().map(|event| (event.token, event.is_readable())), Some((Token(1), true)));
}
