//! What the parent holds of a child.

use alloc::sync::Arc;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{WaitOptions, wait};
use wirenut::time::Duration;
use wirenut_linux::process::{self, Child, Ended, Group, Process, reap_dropped, spawn_detached};
use wirenut_linux::signal::Signal;

use crate::counts::{children, descriptors, pipe, rest, until, zombies};
use crate::ending::park;

/// Waits for the child's end, and leaves it to others to reap it.
fn wait_for_end(child: impl std::os::fd::AsFd) {
    poll(&mut [PollFd::new(&child, PollFlags::IN)], None).unwrap();
}

pub(crate) fn drop_what_was_captured() {
    let (reader, writer) = pipe();
    let shared = Arc::new(());
    let child = process::spawn({
        let shared = Arc::clone(&shared);
        move || {
            assert_eq!(Arc::strong_count(&shared), 2);
            drop(writer);
        }
    });
    assert_eq!(Arc::strong_count(&shared), 1);
    assert_eq!(rest(reader), "");
    assert!(child.unwrap().join().unwrap().is_success());
}

/// Nobody gets a handle of the child then: it is reaped as one whose handle was dropped.
pub(crate) fn panic_when_what_was_captured_does() {
    struct Panics(u32);
    impl Drop for Panics {
        fn drop(&mut self) {
            assert_ne!(std::process::id(), self.0, "dropped in the parent");
        }
    }
    let (before, mask) = (descriptors(), wirenut_linux::signal::mask());
    let closure = || {
        let panics = Panics(std::process::id());
        move || drop(panics)
    };
    assert!(catch_unwind(|| process::spawn(closure())).is_err());
    assert!(catch_unwind(|| Process::new().nice(1).spawn(closure())).is_err());
    assert!(catch_unwind(|| spawn_detached(closure())).is_err());
    until(|| {
        reap_dropped();
        children().is_empty()
    });
    assert_eq!((descriptors(), wirenut_linux::signal::mask()), (before, mask));
}

pub(crate) fn join_from_two_threads() {
    let ended = Ended::Signaled { signal: Signal::SIGTERM, core_dumped: false };
    for _ in 0..100 {
        let child = process::spawn(park).unwrap();
        thread::scope(|scope| {
            let joins: Vec<_> = (0..4).map(|_| scope.spawn(|| child.join().unwrap())).collect();
            child.terminate().unwrap();
            assert!(joins.into_iter().all(|join| join.join().unwrap() == ended));
        });
    }
}

pub(crate) fn join_when_another_has_waited() {
    for (panics, expected) in [(false, Ended::Unknown), (true, Ended::Panicked("told anyway".to_owned()))] {
        let child = process::spawn(move || assert!(!panics, "told anyway")).unwrap();
        assert_eq!(wait(WaitOptions::empty()).unwrap().unwrap().0.as_raw_nonzero().get().cast_unsigned(), child.pid());
        assert!(!child.is_alive().unwrap());
        child.kill().unwrap();
        assert_eq!((child.join().unwrap(), child.join().unwrap()), (expected.clone(), expected));
    }
}

/// A handle that a process inherits, or takes along, is no child of it.
pub(crate) fn join_when_it_is_no_child() {
    let sibling = Process::new().daemon(true).spawn(park).unwrap();
    let pidfd = sibling.as_fd().try_clone_to_owned().unwrap();
    // Its handle moves into the other one, so this process drops its own: a daemon is killed then.
    let child = process::spawn(move || {
        assert_eq!(sibling.join().unwrap(), Ended::Unknown);
        assert_eq!(reap_dropped(), 0);
    });
    wait_for_end(&pidfd);
    assert!(child.unwrap().join().unwrap().is_success());
    reap_dropped();
    assert_eq!(children().len(), 0);
    let sibling: &'static Child = Box::leak(Box::new(process::spawn(park).unwrap()));
    let child = process::spawn(|| {
        let limited = sibling.join_timeout(Duration::from_millis(1)).unwrap();
        assert_eq!(limited, None);
        sibling.kill().unwrap();
    });
    assert!(child.unwrap().join().unwrap().is_success());
    assert_eq!(sibling.join().unwrap(), Ended::Signaled { signal: Signal::SIGKILL, core_dumped: false });
}

pub(crate) fn dropped_before_the_end() {
    let children_dropped = || process::spawn(park).unwrap().as_fd().try_clone_to_owned().unwrap();
    let ends: Vec<OwnedFd> = core::iter::repeat_with(children_dropped).take(10).collect();
    assert_eq!(reap_dropped(), 0);
    for end in &ends {
        rustix::process::pidfd_send_signal(end, rustix::process::Signal::TERM).unwrap();
        wait_for_end(end);
    }
    assert_eq!(zombies(), 10);
    let child = process::spawn(|| {}).unwrap();
    assert!(child.join().unwrap().is_success());
    assert_eq!((children().len(), reap_dropped()), (0, 0));
}

/// A process that has a copy of the handle, as of all memory, may drop it.
pub(crate) fn dropped_where_it_is_no_child() {
    static DAEMON: Mutex<Option<Child>> = Mutex::new(None);
    *DAEMON.lock().unwrap() = Some(Process::new().daemon(true).spawn(park).unwrap());
    let child = process::spawn(|| drop(DAEMON.lock().unwrap().take()));
    assert!(child.unwrap().join().unwrap().is_success());
    let daemon = DAEMON.lock().unwrap().take().unwrap();
    assert_eq!(daemon.join_timeout(Duration::from_millis(20)).unwrap(), None);
    daemon.kill().unwrap();
}

/// Those are not a child's to reap.
pub(crate) fn dropped_and_forgotten_in_a_child() {
    let before = descriptors();
    let running = process::spawn(park).unwrap();
    let pid = running.pid();
    drop(running);
    assert_eq!(descriptors(), before + 1);
    let child = process::spawn(move || assert_eq!((descriptors(), reap_dropped()), (before, 0)));
    assert!(child.unwrap().join().unwrap().is_success());
    wirenut_linux::signal::send(Signal::SIGKILL, pid).unwrap();
    until(|| reap_dropped() == 1);
    assert_eq!((descriptors(), children().len()), (before, 0));
}

pub(crate) fn dropped_after_the_end() {
    for _ in 0..10 {
        let child = process::spawn(|| {}).unwrap();
        wait_for_end(&child);
        assert_eq!(zombies(), 1);
        drop(child);
        assert_eq!(zombies(), 0);
    }
}

pub(crate) fn of_a_dropped_daemon() {
    let (reader, writer) = pipe();
    let daemon = Process::new().daemon(true).spawn(move || {
        let _writer = writer;
        park();
    });
    let pidfd = daemon.unwrap().as_fd().try_clone_to_owned().unwrap();
    assert_eq!(rest(reader), "");
    wait_for_end(&pidfd);
    reap_dropped();
    assert_eq!(children().len(), 0);
}

pub(crate) fn leave_nothing() {
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    process::spawn(|| {}).unwrap().join().unwrap();
    let before = (descriptors(), maps());
    for number in 0..200_u8 {
        let child = process::spawn(move || number).unwrap();
        assert_eq!(child.join().unwrap(), Ended::Exited(number));
    }
    assert_eq!((descriptors(), children().len()), (before.0, 0));
    let in_child = Process::new().group(Group::New).spawn(|| u8::try_from(descriptors()).unwrap());
    assert_eq!(in_child.unwrap().join().unwrap(), Ended::Exited(u8::try_from(before.0).unwrap()));
    let (reader, writer) = pipe();
    spawn_detached(move || write!(File::from(writer), "{}", descriptors())).unwrap();
    assert_eq!(rest(reader), (before.0 + 2).to_string());
    assert!(maps() <= before.1 + 2);
}
