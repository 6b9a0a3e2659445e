//! What needs the system to interrupt a wait.

use core::sync::atomic::{AtomicBool, Ordering};
use std::os::fd::BorrowedFd;
use std::thread;

use wirenut::readiness::{Poller, Waited};
use wirenut::time::{Duration, Instant};

use super::epoll::{EdgeEpoll, Epoll};
use super::poll::Poll;
use super::select::Select;
use crate::error::Error;
use crate::sys::signal::{self, Target};

/// A signal ends a wait without an event, and a wait until a deadline goes on with the rest of the time.
fn survives_signals(poller: &mut impl for<'s> Poller<Source<'s> = BorrowedFd<'s>, Error = Error>) {
    signal::catch().unwrap();
    let (target, is_over) = (Target::this_thread(), AtomicBool::new(false));
    let (start, limit) = (std::time::Instant::now(), Duration::from_millis(100));
    let now = || Instant::from_micros(u64::try_from(start.elapsed().as_micros()).unwrap());
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..5 {
                thread::sleep(core::time::Duration::from_millis(10));
                target.interrupt();
            }
        });
        let until = now().saturating_add(limit);
        assert!(!poller.wait_until(Some(until), now).unwrap());
        assert!(now() >= until);
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            // As often as it takes: the first may come before the wait.
            while !is_over.load(Ordering::SeqCst) {
                target.interrupt();
                thread::sleep(core::time::Duration::from_millis(5));
            }
        });
        let waited = poller.wait(Some(Duration::from_secs(20)));
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(waited.unwrap(), Waited::Interrupted);
    });
}

#[test]
fn waits_survive_signals() {
    survives_signals(&mut Select::new());
    survives_signals(&mut Poll::new());
    survives_signals(&mut Epoll::new().unwrap());
    survives_signals(&mut EdgeEpoll::new().unwrap());
}
