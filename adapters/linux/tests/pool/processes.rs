//! Which processes there are, and what they have open.

use core::time::Duration;
use std::fs;
use std::time::Instant;

use rustix::process::{Pid, Signal, getpid, kill_process};

/// The children of a process, zombies among them.
pub(crate) fn children(of: u32) -> Vec<u32> {
    let file = format!("/proc/{of}/task/{of}/children");
    fs::read_to_string(file).unwrap_or_default().split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

pub(crate) fn own_children() -> Vec<u32> {
    children(std::process::id())
}

/// Of the only pool of this process.
pub(crate) fn keeper() -> u32 {
    let children = own_children();
    assert_eq!(children.len(), 1, "{children:?}");
    children[0]
}

pub(crate) fn workers() -> Vec<u32> {
    children(keeper())
}

pub(crate) fn descriptors() -> usize {
    descriptors_of(std::process::id())
}

pub(crate) fn descriptors_of(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

pub(crate) fn pid(number: u32) -> Pid {
    Pid::from_raw(number.cast_signed()).unwrap()
}

pub(crate) fn send(to: u32, signal: Signal) {
    kill_process(pid(to), signal).unwrap();
}

/// A task's way to end.
pub(crate) fn signal_oneself(signal: Signal) {
    kill_process(getpid(), signal).unwrap();
}

pub(crate) fn eventually(mut is_so: impl FnMut() -> bool, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn is_there(pid: u32) -> bool {
    fs::exists(format!("/proc/{pid}")).unwrap()
}

/// What a test leaves behind must be what was there before.
pub(crate) struct Before {
    descriptors: usize,
}

impl Before {
    pub(crate) fn now() -> Self {
        assert!(own_children().is_empty());
        Self { descriptors: descriptors() }
    }

    pub(crate) fn is_again(&self) {
        assert_eq!((own_children(), descriptors()), (vec![], self.descriptors));
    }
}
