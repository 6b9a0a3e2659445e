//! The laws about registering, modifying, fetching and waiting, one by one.

use alloc::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Once;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wirenut::time::Duration;
use wirenut_linux::poller::{Bell, Interest, Token, Waited};

use crate::Tested;

const READ: Interest = Interest::READABLE;

/// How long what must come may take.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

/// Beyond what select takes, so that many sources leave it the small numbers.
const HIGH: i32 = 1_100;

/// A bell that rings.
fn ringing() -> Bell {
    let bell = Bell::new().unwrap();
    bell.ring();
    bell
}

/// The same with a large number.
fn high(source: &impl AsFd) -> OwnedFd {
    numbered(source, HIGH)
}

/// The same with the first free number from that on.
pub(crate) fn numbered(source: &impl AsFd, number: i32) -> OwnedFd {
    static RAISED: Once = Once::new();
    RAISED.call_once(|| {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    });
    rustix::io::fcntl_dupfd_cloexec(source, number).unwrap()
}

pub(crate) fn level_tells_again_and_edge_tells_once<P: Tested>() {
    let mut poller = P::make();
    let bell = ringing();
    poller.register(bell.as_fd(), Token(1), READ).unwrap();
    let again = usize::from(!P::IS_EDGE);
    assert_eq!([poller.look().len(), poller.look().len(), poller.look().len()], [1, again, again]);
    bell.ring();
    assert_eq!(poller.look().len(), 1, "more has come");
    bell.silence();
    assert_eq!(poller.look().len(), 0);
    bell.ring();
    assert_eq!(poller.look().len(), 1, "it was drained, and came again");
}

pub(crate) fn none_is_passed_over<P: Tested>() {
    let mut poller = P::make();
    let count = if P::TAKES_ANY { 1_300 } else { 100 };
    let bell = ringing();
    let sources: Vec<OwnedFd> = (0..count)
        .map(|_| if P::TAKES_ANY { high(&bell) } else { bell.as_fd().try_clone_to_owned().unwrap() })
        .collect();
    for (token, source) in (0..).zip(&sources) {
        poller.register(source.as_fd(), Token(token), READ).unwrap();
    }
    let mut told = BTreeSet::new();
    // No wait has room for fewer than 500.
    for _ in 0..=count / 500 {
        told.extend(poller.look().iter().map(|event| event.token.0));
    }
    assert!(told.into_iter().eq(0..count));
}

/// Of three that are ready, one goes, changes, or goes and comes again, after so many events were fetched.
pub(crate) fn no_event_is_older_than_the_registration<P: Tested>() {
    for (fetched, which) in [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (3, 1)] {
        for change in ["deregister", "modify", "replace"] {
            let mut poller = P::make();
            let bells: Vec<Bell> = (0..3).map(|_| ringing()).collect();
            for (token, bell) in (0..).zip(&bells) {
                poller.register(bell.as_fd(), Token(token), READ).unwrap();
            }
            let _ = poller.wait(PATIENCE).unwrap();
            let mut seen: Vec<u64> =
                (0..fetched).map_while(|_| poller.next_event()).map(|event| event.token.0).collect();
            let before = seen.clone();
            // The one that is to go: by the order in which they are told, which is the poller's own.
            let order = |seen: &[u64]| -> Vec<u64> {
                seen.iter().copied().chain((0..3).filter(|token| !seen.contains(token))).collect()
            };
            let gone = order(&before)[which];
            let source = bells[usize::try_from(gone).unwrap()].as_fd();
            let silent = Bell::new().unwrap();
            match change {
                "deregister" => poller.deregister(source, Token(gone)).unwrap(),
                "modify" => poller.modify(source, Token(gone), Interest::NOTHING).unwrap(),
                _ => {
                    poller.deregister(source, Token(gone)).unwrap();
                    poller.register(silent.as_fd(), Token(gone), READ).unwrap();
                }
            }
            seen.extend(core::iter::from_fn(|| poller.next_event()).map(|event| event.token.0));
            let mut expected: Vec<u64> = (0..3).filter(|token| *token != gone || before.contains(token)).collect();
            seen.sort_unstable();
            expected.sort_unstable();
            assert_eq!(seen, expected, "{change} {gone} after {before:?}");
            assert!(poller.look().iter().all(|event| event.token.0 != gone));
        }
    }
}

pub(crate) fn to_modify_is_to_begin_anew<P: Tested>() {
    let mut poller = P::make();
    let bell = ringing();
    poller.register(bell.as_fd(), Token(1), Interest::NOTHING).unwrap();
    assert_eq!(poller.look(), []);
    poller.modify(bell.as_fd(), Token(1), READ).unwrap();
    assert_eq!(poller.look().len(), 1);
    poller.modify(bell.as_fd(), Token(1), READ).unwrap();
    assert_eq!(poller.look().len(), 1, "an edge-triggered poller tells it anew");
    poller.modify(bell.as_fd(), Token(1), Interest::WRITABLE).unwrap();
    let events = poller.look();
    assert!(events.len() == 1 && events[0].is_writable() && !events[0].is_readable(), "{events:?}");
}

pub(crate) fn no_event_is_lost_that_was_not_fetched<P: Tested>() {
    let mut poller = P::make();
    let bells = [ringing(), ringing(), ringing()];
    for (token, bell) in (0..).zip(&bells) {
        poller.register(bell.as_fd(), Token(token), READ).unwrap();
    }
    let mut told = BTreeSet::new();
    for _ in 0..3 {
        assert_eq!(poller.wait(PATIENCE).unwrap(), Waited::Ready);
        told.insert(poller.next_event().unwrap().token);
    }
    assert_eq!(told, BTreeSet::from([Token(0), Token(1), Token(2)]));
    assert_eq!(poller.next_event(), None);
    // Where all that was left is dropped, the next wait asks again.
    let _ = poller.wait(Some(Duration::default())).unwrap();
    for (token, bell) in (0..).zip(&bells) {
        poller.deregister(bell.as_fd(), Token(token)).unwrap();
    }
    assert_eq!(poller.wait(Some(Duration::default())).unwrap(), Waited::TimedOut);
}

pub(crate) fn a_source_is_registered_once<P: Tested>() {
    let mut poller = P::make();
    let bell = ringing();
    let missing = |error: wirenut_linux::Error| {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&format!("descriptor {}", bell.as_fd().as_raw_fd())), "{error}");
    };
    missing(poller.modify(bell.as_fd(), Token(1), READ).unwrap_err());
    missing(poller.deregister(bell.as_fd(), Token(1)).unwrap_err());
    poller.register(bell.as_fd(), Token(1), READ).unwrap();
    let error = poller.register(bell.as_fd(), Token(2), Interest::WRITABLE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let events = poller.look();
    assert!(events.len() == 1 && events[0].token == Token(1) && !events[0].is_writable(), "{events:?}");
    poller.deregister(bell.as_fd(), Token(1)).unwrap();
    missing(poller.deregister(bell.as_fd(), Token(1)).unwrap_err());
    assert_eq!(poller.look(), []);
}

pub(crate) fn a_wait_is_over_late_rather_than_early<P: Tested>() {
    let mut poller = P::make();
    for micros in [0, 1, 999, 1_001, 2_500] {
        let start = Instant::now();
        assert_eq!(poller.wait(Some(Duration::from_micros(micros))).unwrap(), Waited::TimedOut);
        assert!(start.elapsed().as_micros() >= u128::from(micros), "{micros}");
    }
    // A time that no system can count is a long one, and no error.
    let bell = ringing();
    poller.register(bell.as_fd(), Token(1), READ).unwrap();
    assert_eq!(poller.wait(Some(Duration::from_micros(u64::MAX))).unwrap(), Waited::Ready);
}

pub(crate) fn descriptors_of_any_number_or_a_clear_error<P: Tested>() {
    for number in [1022, 1023, 1024, HIGH] {
        let mut poller = P::make();
        let source = numbered(&ringing(), number);
        // Another test may have taken that one.
        let number = source.as_raw_fd();
        let is_taken = P::TAKES_ANY || number < 1024;
        match poller.register(source.as_fd(), Token(1), READ) {
            Ok(()) => assert!(is_taken && poller.look().len() == 1, "{number}"),
            Err(error) => {
                let line = format!(
                    "cannot watch by select(2), which ends at descriptor 1023, descriptor {number}: Invalid argument (os error 22)"
                );
                assert_eq!((is_taken, error.to_string()), (false, line));
                assert!(poller.modify(source.as_fd(), Token(1), READ).is_err());
                assert!(poller.deregister(source.as_fd(), Token(1)).is_err());
                assert_eq!(poller.look(), []);
            }
        }
    }
}
