//! What is beyond the contract, and differs from poller to poller.

use alloc::sync::Arc;
use alloc::task::Wake;
use std::os::fd::AsFd;
use std::thread;
use std::time::Instant;

use wirenut::time::Duration;
use wirenut_linux::poller::{Bell, Epoll, Interest, Poll, Poller, Readiness, Select, Token, Waited};

use crate::Tested;
use crate::laws::numbered;

/// Numbers that no other test takes, so that a closed one stays closed.
const OF_POLL: i32 = 1_400;
const OF_SELECT: i32 = 1_000;

#[test]
fn a_source_that_was_closed_while_it_was_watched_is_an_error() {
    let bell = Bell::new().unwrap();
    let mut poll = Poll::make();
    let source = numbered(&bell, OF_POLL);
    poll.register(source.as_fd(), Token(1), Interest::READABLE).unwrap();
    drop(source);
    let events = poll.look();
    assert!(events.len() == 1 && events[0].readiness.contains(Readiness::ERROR), "{events:?}");

    let mut select = Select::make();
    let source = numbered(&bell, OF_SELECT);
    select.register(source.as_fd(), Token(1), Interest::READABLE).unwrap();
    drop(source);
    let error = select.wait(Some(Duration::default())).unwrap_err();
    assert_eq!(error.to_string(), "cannot wait for events: Bad file descriptor (os error 9)");
    assert_eq!(select.next_event(), None);
}

#[test]
fn of_those_that_share_a_source_not_all_are_woken() {
    // Who comes late to the wait finds it ringing and is told, too: on a busy machine that may be all, but not each time.
    assert!((0..20).any(|_| woken() < WAITING));
}

const WAITING: usize = 3;

/// How many of those that wait for one bell are woken by it. Nobody silences it, so who is woken finds it ringing.
fn woken() -> usize {
    const WAIT: Duration = Duration::from_millis(300);
    let (bell, begun) = (Bell::new().unwrap(), Instant::now());
    let told = |mut poller: Epoll| {
        let waited = poller.wait(Some(WAIT)).unwrap();
        let told = poller.next_event().is_some_and(|event| event.token == Token(1) && event.is_readable());
        assert_eq!(waited == Waited::Ready, told);
        assert!(poller.modify(bell.as_fd(), Token(1), Interest::READABLE).is_err(), "what is shared stays as it is");
        poller.deregister(bell.as_fd(), Token(1)).unwrap();
        assert_eq!(poller.look(), []);
        usize::from(told)
    };
    let (woken, is_in_time) = thread::scope(|scope| {
        let pollers = [(); WAITING].map(|()| {
            let mut poller = Epoll::make();
            poller.register_shared(bell.as_fd(), Token(1)).unwrap();
            poller
        });
        let waiting = pollers.map(|poller| scope.spawn(|| told(poller)));
        thread::sleep(core::time::Duration::from_millis(100));
        bell.ring();
        let is_in_time = begun.elapsed() < core::time::Duration::from(WAIT);
        (waiting.into_iter().map(|waiting| waiting.join().unwrap()).sum(), is_in_time)
    });
    assert!(woken > 0 || !is_in_time, "somebody must be");
    // Where it rang too late, nothing is shown.
    if is_in_time { woken } else { WAITING }
}

#[test]
fn a_wake_up_rings() {
    let bell = Arc::new(Bell::new().unwrap());
    let mut poller = Epoll::make();
    poller.register(bell.as_fd(), Token(1), Interest::READABLE).unwrap();
    for wake in [|bell: &Arc<Bell>| Wake::wake_by_ref(bell), |bell: &Arc<Bell>| Wake::wake(Arc::clone(bell))] {
        assert_eq!(poller.look(), []);
        wake(&bell);
        assert_eq!(poller.look().len(), 1);
        bell.silence();
    }
}
