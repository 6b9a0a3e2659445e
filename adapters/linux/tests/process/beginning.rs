//! How children begin.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::mpsc::channel;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    PTracer, Pid, Resource, Rlimit, getpgid, getpgrp, getpriority_process, getrlimit, getsid, set_ptracer, setrlimit,
};
use wirenut_linux::process::{self, Child, Ended, Group, Process, SpawnError};
use wirenut_linux::signal::Signal;

use crate::counts::{children, descriptors, line, pipe};
use crate::ending::park;

pub(crate) fn of_one_thread_only() {
    let (end, ended) = channel::<()>();
    let before = descriptors();
    let thread = thread::spawn(move || {
        assert!(matches!(process::spawn(|| {}).unwrap_err(), SpawnError::Threads(2)));
        let _ = ended.recv();
    });
    assert!(matches!(process::spawn(|| {}).unwrap_err(), SpawnError::Threads(2)));
    assert_eq!((children().len(), descriptors()), (0, before));
    drop(end);
    thread.join().unwrap();
    // The child may have threads.
    let threads = || thread::spawn(|| 7_u8).join().unwrap() + thread::spawn(|| 8_u8).join().unwrap();
    assert_eq!(process::spawn(threads).unwrap().join().unwrap(), Ended::Exited(15));
}

pub(crate) fn after_a_thread_was_joined() {
    for _ in 0..300 {
        thread::spawn(|| {}).join().unwrap();
        let child = process::spawn(|| thread::spawn(|| 1).join().unwrap()).unwrap();
        assert_eq!(child.join().unwrap(), Ended::Exited(1));
    }
}

/// One that was joined is there for a moment longer. One that is traced, until its tracer has seen its end.
pub(crate) fn while_a_thread_ends() {
    let _ = set_ptracer(PTracer::Any);
    let (asked, ask) = pipe();
    let (answered, answer) = pipe();
    let tracer = Process::new().daemon(true).spawn(move || {
        let thread: libc::pid_t = line(&asked).parse().unwrap();
        // SAFETY: the request takes no pointers but null ones.
        let seized = unsafe { libc::ptrace(libc::PTRACE_SEIZE, thread, 0, 0) };
        writeln!(File::from(answer), "{seized}").unwrap();
        park();
    });
    let tracer = tracer.unwrap();
    let is_traced = thread::spawn(move || {
        writeln!(File::from(ask), "{}", rustix::thread::gettid().as_raw_nonzero()).unwrap();
        line(&answered) == "0"
    });
    // Where nobody may trace, this shows nothing.
    if is_traced.join().unwrap() {
        assert_eq!(std::fs::read_dir("/proc/self/task").unwrap().count(), 2);
        assert_eq!(process::spawn(|| 7).unwrap().join().unwrap(), Ended::Exited(7));
    }
    tracer.kill().unwrap();
}

pub(crate) fn without_a_descriptor() {
    let limit = getrlimit(Resource::Nofile);
    for spare in 0..4 {
        let lowest = rustix::io::dup(std::io::stdin()).unwrap();
        let lowest = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(&lowest)).unwrap();
        setrlimit(Resource::Nofile, Rlimit { current: Some(lowest + 1 + spare), ..limit }).unwrap();
        let spawned = Process::new().group(Group::New).spawn(|| 7);
        setrlimit(Resource::Nofile, limit).unwrap();
        match spawned {
            Ok(child) => assert!(spare == 3 && child.join().unwrap() == Ended::Exited(7)),
            Err(SpawnError::System(error)) => assert!(spare < 3 && error.is_out_of_resources(), "{spare}: {error}"),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(children().len(), 0);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.pid().cast_signed())
}

pub(crate) fn with_a_nice_value() {
    let ours = getpriority_process(None).unwrap();
    for (increment, nice) in [(5, ours + 5), (100, 19), (0, ours)] {
        let child = Process::new().nice(increment).spawn(park).unwrap();
        assert_eq!(getpriority_process(pid(&child)).unwrap(), nice);
        child.kill().unwrap();
    }
}

pub(crate) fn in_a_group() {
    let ours = Process::new().spawn(park).unwrap();
    assert_eq!(getpgid(pid(&ours)).unwrap(), getpgrp());
    let leader = Process::new().group(Group::New).spawn(park).unwrap();
    assert_eq!(getpgid(pid(&leader)).ok(), pid(&leader));
    let member = Process::new().group(Group::Join(leader.pid())).spawn(park).unwrap();
    assert_eq!(getpgid(pid(&member)).ok(), pid(&leader));
    rustix::process::kill_process_group(pid(&leader).unwrap(), rustix::process::Signal::TERM).unwrap();
    let ended = Ended::Signaled { signal: Signal::SIGTERM, core_dumped: false };
    assert_eq!((leader.join().unwrap(), member.join().unwrap()), (ended.clone(), ended));
    assert!(ours.is_alive().unwrap());
    ours.kill().unwrap();
}

pub(crate) fn in_a_group_that_is_not() {
    let before = descriptors();
    for group in [0, 1, std::process::id() + 1, u32::MAX] {
        let error = Process::new().group(Group::Join(group)).spawn(park).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot set up a child (its group, its nice value, or the process that it forks): "),
            "{error}"
        );
        assert_eq!((children().len(), descriptors()), (0, before));
    }
}

pub(crate) fn in_a_session() {
    let child = Process::new().session().group(Group::Join(1)).spawn(park).unwrap();
    assert_eq!((getsid(pid(&child)).ok(), getpgid(pid(&child)).ok()), (pid(&child), pid(&child)));
    child.kill().unwrap();
}

pub(crate) fn with_a_name() {
    for (name, shown) in
        [("worker", "worker"), ("a name of twenty byt", "a name of twent"), ("cut\0off", "cut"), ("\0", "")]
    {
        let child = Process::new().name(name).nice(1).spawn(park).unwrap();
        assert_eq!(child.name(), name);
        let comm = std::fs::read_to_string(format!("/proc/{}/comm", child.pid())).unwrap();
        assert_eq!(comm.trim_end_matches('\n'), shown);
        child.kill().unwrap();
    }
}

/// Those write to descriptors that parent and child share.
pub(crate) fn without_the_handlers_of_its_parent() {
    let termination = wirenut_linux::signal::termination().unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let child = process::spawn(park).unwrap();
        child.send(signal).unwrap();
        assert_eq!(child.join().unwrap(), Ended::Signaled { signal, core_dumped: false });
    }
    let mut watched = [PollFd::from_borrowed_fd(termination.as_fd(), PollFlags::IN)];
    assert_eq!(poll(&mut watched, Some(&Timespec::default())), Ok(0));
}

/// It asks anew, and gets descriptors of its own.
pub(crate) fn with_a_termination_of_its_own() {
    let ours = wirenut_linux::signal::termination().unwrap();
    let child = process::spawn(|| {
        let its = wirenut_linux::signal::termination().unwrap();
        wirenut_linux::signal::raise(Signal::SIGTERM).unwrap();
        poll(&mut [PollFd::new(&its, PollFlags::IN)], None).unwrap();
    });
    assert!(child.unwrap().join().unwrap().is_success());
    assert_eq!(poll(&mut [PollFd::new(&ours, PollFlags::IN)], Some(&Timespec::default())), Ok(0));
}

/// Whoever signals a child that has not begun yet means the child.
pub(crate) fn with_nothing_blocked() {
    let _blocked = wirenut_linux::signal::block(&wirenut_linux::signal::SignalSet::full());
    for _ in 0..100 {
        let child = process::spawn(park).unwrap();
        child.terminate().unwrap();
        assert_eq!(child.join().unwrap(), Ended::Signaled { signal: Signal::SIGTERM, core_dumped: false });
    }
}
