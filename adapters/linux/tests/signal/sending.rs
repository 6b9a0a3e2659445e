//! Who gets a signal.

use core::error::Error;
use std::sync::mpsc::channel;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wirenut_linux::process::{self, Ended, Group, Process, pipe};
use wirenut_linux::signal::{self, SendError, Signal, SignalSet, ThreadHandle};

use crate::lab::{counted, eventually, of, real_time};

fn pause_for_ever() -> u8 {
    loop {
        signal::pause();
    }
}

pub(crate) fn reaches_a_whole_group() {
    let first = Process::new().group(Group::New).spawn(pause_for_ever).unwrap();
    let others: Vec<_> =
        (0..3).map(|_| Process::new().group(Group::Join(first.pid())).spawn(pause_for_ever).unwrap()).collect();
    let stranger = process::spawn(pause_for_ever).unwrap();
    signal::send_to_group(Signal::SIGUSR1, first.pid()).unwrap();
    for child in others.iter().chain([&first]) {
        assert_eq!(child.join().unwrap(), Ended::Signaled { signal: Signal::SIGUSR1, core_dumped: false });
    }
    assert!(stranger.is_alive().unwrap());
    stranger.kill().unwrap();
    stranger.join().unwrap();
    assert!(matches!(signal::send_to_group(Signal::SIGUSR1, first.pid()), Err(SendError::Gone(_))));
    // To the own group, from a child that leads one.
    let child = Process::new().group(Group::New).spawn(|| {
        let count = counted(Signal::SIGUSR2);
        signal::send_to_own_group(Signal::SIGUSR2)?;
        eventually("the signal", || of(&count) == 1);
        Ok::<(), SendError>(())
    });
    assert_eq!(child.unwrap().join().unwrap(), Ended::Exited(0));
}

/// A service of several processes is told to reload by the first of them, which tells the others.
pub(crate) fn of_hangups_reaches_one_process() {
    let hangups = signal::hangups().unwrap();
    let is_told = || {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&hangups, PollFlags::IN)], Some(&now)).unwrap() == 1
    };
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (tells, heard) = pipe::pipe().unwrap();
            let worker = process::spawn(move || {
                let own = signal::hangups()?;
                tells.send(b"!")?;
                own.wait()?;
                Ok::<u8, Box<dyn Error>>(7)
            });
            assert_eq!(heard.recv().unwrap(), Some(b"!".to_vec()));
            worker.unwrap()
        })
        .collect();
    workers[0].send(Signal::SIGHUP).unwrap();
    assert_eq!(workers[0].join().unwrap(), Ended::Exited(7));
    assert!(workers[1].is_alive().unwrap() && !is_told());
    signal::send(Signal::SIGHUP, std::process::id()).unwrap();
    eventually("the signal", is_told);
    hangups.take();
    assert!(!is_told() && workers[1].is_alive().unwrap());
    workers[1].send(Signal::SIGHUP).unwrap();
    assert_eq!(workers[1].join().unwrap(), Ended::Exited(7));
}

/// What the system takes for many processes is no process.
pub(crate) fn reaches_no_stranger() {
    let ended = process::spawn(|| ()).unwrap();
    ended.join().unwrap();
    for process in [0, ended.pid(), i32::MAX.cast_unsigned(), 1 << 31, u32::MAX, u32::MAX - 1] {
        for sent in [
            signal::send(Signal::SIGKILL, process),
            signal::queue(Signal::SIGKILL, process, 1.into()),
            signal::send_to_group(Signal::SIGKILL, process),
        ] {
            assert!(matches!(sent, Err(SendError::Gone(_))), "{process}: {sent:?}");
        }
    }
    let sent = signal::send_to_group(Signal::SIGKILL, 1);
    assert!(matches!(sent, Err(SendError::Gone(_))), "{sent:?}");
    // No process at all.
    let file = std::fs::File::open("/dev/null").unwrap();
    let error = signal::send_by_descriptor(Signal::SIGKILL, &file).unwrap_err();
    assert!(matches!(error, SendError::Other(_)), "{error:?}");
    assert_eq!(wirenut_linux::Error::from(error).raw_os_error(), Some(rustix::io::Errno::BADF.raw_os_error()));
}

pub(crate) fn by_a_thread_handle_stops_with_the_thread() {
    let count = counted(Signal::SIGUSR1);
    for _ in 0..200 {
        let (sender, receiver) = channel();
        // It ends while it is sent to.
        let ending = thread::spawn(move || sender.send(ThreadHandle::current()));
        let thread = receiver.recv().unwrap();
        while thread.send(Signal::SIGUSR1).is_ok() {}
        assert!(matches!(thread.send(Signal::SIGUSR1), Err(SendError::Gone(_))));
        ending.join().unwrap().unwrap();
    }
    assert!(of(&count) > 0);
    // A child is another process, also for the handle that it has inherited.
    let thread = ThreadHandle::current();
    let child = process::spawn(move || {
        let own = counted(Signal::SIGUSR1);
        assert!(matches!(thread.send(Signal::SIGUSR1), Err(SendError::Gone(_))));
        ThreadHandle::current().send(Signal::SIGUSR1).unwrap();
        assert_eq!(of(&own), 1);
    });
    assert!(child.unwrap().join().unwrap().is_success());
}

pub(crate) fn by_a_thread_handle_reaches_that_thread() {
    const EACH: usize = 1_000;
    let set = SignalSet::from(real_time(0));
    let _blocked = signal::block(&set);
    let (sender, receiver) = channel();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let sender = sender.clone();
            thread::spawn(move || {
                sender.send(ThreadHandle::current()).unwrap();
                (0..EACH).filter(|_| signal::wait(&set, None).unwrap().done().is_some()).count()
            })
        })
        .collect();
    let handles: Vec<_> = (0..4).map(|_| receiver.recv().unwrap()).collect();
    for _ in 0..EACH {
        for handle in &handles {
            while let Err(error) = handle.send(real_time(0)) {
                assert!(matches!(error, SendError::Full(_)), "{error}");
                thread::yield_now();
            }
        }
    }
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == EACH));
    assert!(signal::pending().is_empty());
}
