//! Zombies and orphans: that there are none.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::Command;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use wirenut::time::Duration;
use wirenut_linux::process::{self, Ended, Process, ignore_children, parent, reap_dropped, spawn_detached};
use wirenut_linux::signal::Signal;

use crate::counts::{children, children_of, descriptors, line, pipe, rest, until, zombies};
use crate::ending::park;

/// The first way: only those that we know. What somebody else waits for is theirs.
pub(crate) fn of_known_children_only() {
    let mut other = Command::new("true").spawn().unwrap();
    until(|| zombies() == 1);
    for _ in 0..20 {
        // Whether it is reaped when it is dropped or by a later call, nobody waits for it here.
        drop(process::spawn(|| {}).unwrap());
    }
    until(|| {
        reap_dropped();
        children().len() == 1
    });
    assert_eq!(zombies(), 1);
    assert!(other.wait().unwrap().success());
    assert_eq!(children().len(), 0);
}

/// The second way: the system keeps no status.
pub(crate) fn of_ignored_children() {
    let previous = ignore_children().unwrap();
    for number in 0..200 {
        let child = process::spawn(move || number).unwrap();
        assert_eq!(child.join().unwrap(), Ended::Unknown);
        assert_eq!(children().len(), 0);
    }
    let panicking = process::spawn(|| -> () { panic!("told anyway") }).unwrap();
    assert_eq!(panicking.join().unwrap(), Ended::Panicked("told anyway".to_owned()));
    let held: Vec<_> = (0..10).map(|_| process::spawn(|| {}).unwrap()).collect();
    held.iter().for_each(|child| _ = poll(&mut [PollFd::new(child, PollFlags::IN)], None).unwrap());
    assert_eq!(zombies(), 0);
    // A child has its own children's status.
    let child = process::spawn(|| assert_eq!(process::spawn(|| 7).unwrap().join().unwrap(), Ended::Exited(7)));
    assert_eq!(child.unwrap().join().unwrap(), Ended::Unknown);
    previous.restore().unwrap();
    assert_eq!(process::spawn(|| 7).unwrap().join().unwrap(), Ended::Exited(7));
}

/// The third way: the double fork.
pub(crate) fn of_detached_processes() {
    let before = descriptors();
    let this = std::process::id();
    for _ in 0..20 {
        let (reader, writer) = pipe();
        let pid = spawn_detached(move || {
            assert_ne!(parent(), this);
            write!(File::from(writer), "{}", std::process::id())
        });
        assert_eq!(rest(reader), pid.unwrap().to_string());
        assert_eq!((children().len(), descriptors()), (0, before));
    }
}

pub(crate) fn of_a_detached_process_that_cannot_be() {
    let before = descriptors();
    let error = Process::new().group(process::Group::Join(1)).spawn_detached(park).unwrap_err();
    assert!(error.to_string().starts_with("cannot set up a child"), "{error}");
    assert_eq!((children().len(), descriptors()), (0, before));
}

pub(crate) fn of_orphans() {
    let (reader, writer) = pipe();
    let tree = Process::new().name("tree").subreaper().spawn(move || {
        let init = parent();
        for _ in 0..20 {
            // The one between may not have ended yet.
            spawn_detached(move || until(|| parent() == init)).unwrap();
        }
        let last = spawn_detached(move || {
            until(|| parent() == init);
            let mut writer = File::from(writer);
            writeln!(writer, "{} {}", parent(), std::process::id()).unwrap();
            park();
        });
        last.unwrap();
        park();
    });
    let tree = tree.unwrap();
    let told = line(&reader);
    let orphan = told.strip_prefix(&format!("{} ", tree.pid())).unwrap();
    // The one at work and the last orphan are left, and no zombie of the others.
    until(|| children_of(tree.pid()).len() == 2);
    assert!(!children_of(tree.pid()).contains(&'Z'));
    // It ends when the last orphan has.
    tree.terminate().unwrap();
    until(|| children_of(tree.pid()).len() == 1);
    assert_eq!(tree.join_timeout(Duration::from_millis(20)).unwrap(), None);
    tree.terminate().unwrap();
    assert_eq!(tree.join().unwrap(), Ended::Signaled { signal: Signal::SIGTERM, core_dumped: false });
    assert_eq!(children().len(), 0);
    // Now the orphan is another one's.
    wirenut_linux::signal::send(Signal::SIGKILL, orphan.parse().unwrap()).unwrap();
    assert_eq!(rest(reader), "");
}

pub(crate) fn of_a_tree_that_ends_as_its_work() {
    let tree = |work: fn() -> u8| Process::new().subreaper().spawn(work).unwrap().join().unwrap();
    assert_eq!(tree(|| 7), Ended::Exited(7));
    assert_eq!(tree(|| panic!("in the tree")), Ended::Panicked("in the tree".to_owned()));
    assert_eq!(
        tree(|| {
            wirenut_linux::signal::raise(Signal::SIGKILL).unwrap();
            0
        }),
        Ended::Signaled { signal: Signal::SIGKILL, core_dumped: false }
    );
    // Signals are handed on.
    let tree = Process::new().subreaper().spawn(|| {
        let set = Signal::SIGUSR1.into();
        let _blocked = wirenut_linux::signal::block(&set);
        println!("{}", wirenut_linux::signal::wait(&set, None).unwrap().done().unwrap().signal());
        5
    });
    let tree = tree.unwrap();
    until(|| children_of(tree.pid()).contains(&'S'));
    tree.send(Signal::SIGUSR1).unwrap();
    assert_eq!(tree.join().unwrap(), Ended::Exited(5));
    // Who is killed takes its work along.
    let (reader, writer) = pipe();
    let tree = Process::new().subreaper().spawn(move || {
        let _writer = writer;
        park();
    });
    let tree = tree.unwrap();
    tree.kill().unwrap();
    assert_eq!(tree.join().unwrap(), Ended::Signaled { signal: Signal::SIGKILL, core_dumped: false });
    assert_eq!(rest(reader), "");
    assert_eq!(children().len(), 0);
}

/// Children of a thread are the process's.
pub(crate) fn from_another_thread() {
    let child = process::spawn(park).unwrap();
    let pidfd = child.as_fd().try_clone_to_owned().unwrap();
    thread::spawn(move || {
        child.kill().unwrap();
        drop(child);
    })
    .join()
    .unwrap();
    poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None).unwrap();
    reap_dropped();
    assert_eq!(children().len(), 0);
}
