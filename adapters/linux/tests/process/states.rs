//! What /proc shows of real processes.

use core::ffi::CStr;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{FromRawFd as _, OwnedFd};

use rustix::process::getpid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use wirenut_linux::process::status::{Observation, Phase, State, Status, StatusError, all};
use wirenut_linux::process::{self, Child, Group, Process};
use wirenut_linux::signal::{self, Signal};

use crate::counts::{line, pipe, rest, until};
use crate::ending::park;

fn state(child: &Child) -> State {
    Status::of(child.pid()).unwrap().state
}

fn is_in(child: &Child, expected: State) -> impl Fn() -> bool + '_ {
    move || state(child) == expected
}

/// Never ends.
fn spin() {
    loop {
        core::hint::spin_loop();
    }
}

pub(crate) fn letters() {
    let running = process::spawn(spin).unwrap();
    until(is_in(&running, State::Running));
    running.send(Signal::SIGSTOP).unwrap();
    until(is_in(&running, State::Stopped));
    running.send(Signal::SIGCONT).unwrap();
    until(is_in(&running, State::Running));
    running.kill().unwrap();

    let sleeping = process::spawn(park).unwrap();
    until(is_in(&sleeping, State::Sleeping));
    sleeping.kill().unwrap();
    // It stays one until it is joined.
    until(is_in(&sleeping, State::Zombie));
    sleeping.join().unwrap();
    assert!(matches!(Status::of(sleeping.pid()), Err(StatusError::NoSuchProcess(pid)) if pid == sleeping.pid()));

    let traced = process::spawn(|| {
        // SAFETY: the request takes no pointer.
        unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
        signal::raise(Signal::SIGUSR1).unwrap();
    });
    let traced = traced.unwrap();
    until(is_in(&traced, State::TracingStop));
    traced.kill().unwrap();

    let (reader, writer) = pipe();
    let uninterruptible = process::spawn(move || {
        let flags = i64::from(libc::CLONE_VFORK | libc::SIGCHLD);
        // SAFETY: this is fork(2), with a copy of all memory, in a process with one thread; but the parent goes on when the
        // child has ended.
        let child = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
        if child == 0 {
            rest(reader);
            // SAFETY: the call takes no pointer.
            unsafe { libc::_exit(0) };
        }
    });
    let uninterruptible = uninterruptible.unwrap();
    until(is_in(&uninterruptible, State::UninterruptibleSleep));
    for pid in all().unwrap() {
        if Status::of(pid).is_ok_and(|status| status.parent == uninterruptible.pid()) {
            signal::send(Signal::SIGKILL, pid).unwrap();
        }
    }
    drop(writer);
    assert!(uninterruptible.join().unwrap().is_success());
}

/// Where they are seen, as they are not in a container.
pub(crate) fn of_threads_of_the_kernel() {
    let statuses: Vec<Status> = all().unwrap().into_iter().filter_map(|pid| Status::of(pid).ok()).collect();
    for status in statuses.iter().filter(|status| status.state == State::Idle) {
        assert_eq!((status.session, status.group, status.virtual_memory, status.terminal), (0, 0, 0, None));
        assert!(!status.flags().leads_session);
    }
    assert!(statuses.iter().any(|status| status.pid == std::process::id()));
}

pub(crate) fn flags() {
    let shown = |child: &Child| Status::of(child.pid()).unwrap().flags().to_string();
    let plain = process::spawn(park).unwrap();
    // This test may give way to others, or not.
    let ours = Status::of(std::process::id()).unwrap().nice;
    assert_eq!(shown(&plain), if ours > 0 { "N" } else { "" });
    let (reader, writer) = pipe();
    let all = Process::new().nice(3).session().spawn(move || {
        let page = vec![0_u8; 4_096];
        // SAFETY: the range is that of the vector.
        assert_eq!(unsafe { libc::mlock(page.as_ptr().cast(), page.len()) }, 0);
        std::thread::spawn(park);
        drop(writer);
        park();
    });
    let all = all.unwrap();
    rest(reader);
    assert_eq!(shown(&all), "NLsl");
    assert_eq!(Status::of(all.pid()).unwrap().threads, 2);
    // Only with a permission.
    if let Ok(favoured) = Process::new().nice(-20 - ours).spawn(park) {
        assert_eq!(shown(&favoured), "<");
        favoured.kill().unwrap();
    }
    plain.kill().unwrap();
    all.kill().unwrap();
}

pub(crate) fn in_a_terminal() {
    // SAFETY: the calls take the descriptor that the first has made, which stays open.
    let (terminal, name) = unsafe {
        let terminal = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY);
        assert!(terminal >= 0 && libc::grantpt(terminal) == 0 && libc::unlockpt(terminal) == 0);
        (OwnedFd::from_raw_fd(terminal), CStr::from_ptr(libc::ptsname(terminal)).to_str().unwrap().to_owned())
    };
    let (reader, writer) = pipe();
    let path = name.clone();
    let leader = Process::new().session().spawn(move || {
        // The first terminal that a leader opens becomes its session's.
        let _terminal = File::options().read(true).write(true).open(path).unwrap();
        let background = Process::new().daemon(true).group(Group::New).spawn(park).unwrap();
        writeln!(File::from(writer), "{}", background.pid()).unwrap();
        park();
    });
    let leader = leader.unwrap();
    let background = line(&reader).parse().unwrap();
    let [leads, stays_behind] = [leader.pid(), background].map(|pid| Status::of(pid).unwrap());
    assert_eq!(format!("/dev/{}", leads.terminal.unwrap()), name);
    assert!(leads.flags().is_in_foreground && leads.flags().leads_session, "{leads:?}");
    assert!(!stays_behind.flags().is_in_foreground && !stays_behind.flags().leads_session, "{stays_behind:?}");
    assert_eq!((leads.foreground_group, stays_behind.terminal), (Some(leader.pid()), leads.terminal));
    leader.kill().unwrap();
    drop(terminal);
}

/// All that this process forks from now on shares one processor with it.
fn keep_to_one_processor() {
    let allowed = sched_getaffinity(None).unwrap();
    let one = (0..CpuSet::MAX_CPU).find(|number| allowed.is_set(*number)).unwrap();
    let mut set = CpuSet::new();
    set.set(one);
    sched_setaffinity(None, &set).unwrap();
}

pub(crate) fn new() {
    keep_to_one_processor();
    // The child waits until its parent leaves the processor, mostly.
    let was_new = core::iter::repeat_with(|| {
        let child = process::spawn(spin).unwrap();
        let look = Observation::of(child.pid()).unwrap();
        child.kill().unwrap();
        child.join().unwrap();
        Phase::between(&look, &look) == Phase::New
    });
    assert!(was_new.take(10_000).any(|was_new| was_new));
}

pub(crate) fn ready_and_running() {
    keep_to_one_processor();
    // They share the processor with this test, and what others have to do.
    let running = process::spawn(spin).unwrap();
    let ready = Process::new().nice(19).spawn(spin).unwrap();
    let look = |child: &Child| Observation::of(child.pid()).unwrap();
    // It has begun.
    until(|| look(&ready).time_slices > 0);
    until(|| {
        let before = [look(&running), look(&ready)];
        // No longer than the system takes to notice. Where all of this test is nice itself, the other one is hardly nicer, and
        // runs a little in each longer span.
        until(|| look(&running).cpu_nanoseconds > before[0].cpu_nanoseconds);
        let after = [look(&running), look(&ready)];
        assert_eq!(Phase::between(&before[0], &after[0]), Phase::Running);
        Phase::between(&before[1], &after[1]) == Phase::Ready
    });
    running.kill().unwrap();
    // Now there is a place for it.
    let before = look(&ready);
    until(|| Phase::between(&before, &look(&ready)) == Phase::Running);
    assert!(look(&ready).ready_nanoseconds > 0);
    ready.kill().unwrap();
}

pub(crate) fn waiting_and_ended() {
    let child = process::spawn(park).unwrap();
    let before = Observation::of(child.pid()).unwrap();
    let is_in = |phase| move |pid| Phase::between(&before, &Observation::of(pid).unwrap()) == phase;
    until(|| is_in(Phase::Waiting)(child.pid()));
    child.kill().unwrap();
    until(|| is_in(Phase::Ended)(child.pid()));
    child.join().unwrap();
    assert!(matches!(Observation::of(child.pid()), Err(StatusError::NoSuchProcess(_))));
}

pub(crate) fn of_no_process() {
    for pid in [0, u32::MAX, 0x7fff_ffff] {
        assert!(matches!(Status::of(pid), Err(StatusError::NoSuchProcess(none)) if none == pid));
        assert!(matches!(Observation::of(pid), Err(StatusError::NoSuchProcess(none)) if none == pid));
    }
    // A thread is none.
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        tell.send(rustix::thread::gettid()).unwrap();
        let _ = ended.recv();
    });
    let id = told.recv().unwrap();
    assert_ne!(id, getpid());
    assert!(matches!(Status::of(id.as_raw_nonzero().get().cast_unsigned()), Err(StatusError::NoSuchProcess(_))));
    drop(end);
    thread.join().unwrap();
}

/// Processes come and go while they are looked at: there is a status, or there is no such process.
pub(crate) fn while_they_vanish() {
    let mut seen = 0;
    for _ in 0..300 {
        let child = process::spawn(|| {}).unwrap();
        let pid = child.pid();
        let looks = std::thread::spawn(move || {
            let mut seen = 0;
            loop {
                match Status::of(pid) {
                    Ok(status) => assert_eq!(status.pid, pid),
                    Err(StatusError::NoSuchProcess(_)) => return seen,
                    Err(error) => panic!("{error}"),
                }
                seen += 1;
            }
        });
        child.join().unwrap();
        seen += looks.join().unwrap();
    }
    assert!(seen > 0);
}
