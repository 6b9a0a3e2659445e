//! Tasks that have no result, and workers that die.

use alloc::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;

use rustix::fs::{MemfdFlags, fstat, memfd_create};
use rustix::process::Signal;
use wirenut_linux::process::Ended;
use wirenut_linux::process::pool::{Builder, Pool, Task, TaskError};
use wirenut_linux::signal;

use crate::processes::{Before, eventually, is_there, keeper, send, signal_oneself, workers};

/// Does what it is told to.
pub(crate) fn obey(builder: &mut Builder) -> Task {
    builder.task("obey", |order| match order {
        b"fail" => Err("no luck"),
        b"panic" => panic!("at the disco"),
        b"panic without a text" => std::panic::panic_any(7),
        b"exit" => std::process::exit(3),
        b"abort" => std::process::abort(),
        b"kill" => {
            signal_oneself(Signal::KILL);
            Ok(Vec::new())
        }
        b"stop" => {
            signal_oneself(Signal::STOP);
            Ok(Vec::new())
        }
        b"wait" => loop {
            std::thread::park();
        },
        b"who" => Ok(std::process::id().to_ne_bytes().to_vec()),
        other => Ok(other.to_vec()),
    })
}

fn signaled(signal: signal::Signal, result: &Result<Vec<u8>, TaskError>) -> bool {
    matches!(result, Err(TaskError::Died(Ended::Signaled { signal: by, .. })) if *by == signal)
}

pub(crate) fn errors_and_panics() {
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    for _ in 0..20 {
        assert!(matches!(pool.apply(obey, b"fail"), Err(TaskError::Failed(text)) if text == "no luck"));
        assert!(matches!(pool.apply(obey, b"panic"), Err(TaskError::Panicked(text)) if text == "at the disco"));
        let error = pool.apply(obey, b"panic without a text").unwrap_err();
        assert!(matches!(&error, TaskError::Panicked(text) if text.is_empty()));
        assert_eq!(pool.apply(obey, b"fine").unwrap(), b"fine");
    }
    // One does not hurt the others of its chunk.
    let results: Vec<_> = pool.map(obey, [&b"one"[..], b"panic", b"fail", b"four"]).chunk(4).collect();
    assert!(matches!(&results[..], [Ok(_), Err(TaskError::Panicked(_)), Err(TaskError::Failed(_)), Ok(_)]));
}

pub(crate) fn a_panic_has_a_fresh_process_follow() {
    let mut builder = Pool::builder().workers(1);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let mut who = BTreeSet::new();
    for _ in 0..10 {
        let this = pool.apply(obey, b"who").unwrap();
        assert_eq!(pool.apply(obey, b"who").unwrap(), this);
        who.insert(this);
        assert!(pool.apply(obey, b"panic").is_err());
    }
    assert_eq!(who.len(), 10);
}

pub(crate) fn exits_and_signals() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    for _ in 0..10 {
        assert!(matches!(pool.apply(obey, b"exit"), Err(TaskError::Died(Ended::Exited(3)))));
        assert!(signaled(signal::Signal::SIGABRT, &pool.apply(obey, b"abort")));
        assert!(signaled(signal::Signal::SIGKILL, &pool.apply(obey, b"kill")));
        assert_eq!(pool.apply(obey, b"fine").unwrap(), b"fine");
    }
    let orders = [&b"one"[..], b"exit", b"kill", b"two", b"abort", b"three"].into_iter().cycle().take(300);
    for (place, result) in pool.map(obey, orders).enumerate() {
        match place % 6 {
            0 | 3 | 5 => assert!(result.is_ok()),
            1 => assert!(matches!(result, Err(TaskError::Died(Ended::Exited(3))))),
            2 => assert!(signaled(signal::Signal::SIGKILL, &result)),
            _ => assert!(signaled(signal::Signal::SIGABRT, &result)),
        }
    }
    pool.join().unwrap();
    drop(pool);
    before.is_again();
}

pub(crate) fn of_a_chunk() {
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let orders = [&b"one"[..], b"kill", b"three", b"four", b"five"];
    let results: Vec<_> = pool.map(obey, orders).chunk(3).collect();
    assert!(results[..3].iter().all(|result| matches!(result, Err(TaskError::Died(_)))));
    assert!(results[3..].iter().all(Result::is_ok));
}

/// Counts how often it was begun, and dies but for the last time.
fn die(builder: &mut Builder, times: u64) -> (Task, File) {
    let count = File::from(memfd_create("count", MemfdFlags::CLOEXEC).unwrap());
    let mut theirs = count.try_clone().unwrap();
    let task = builder.task("die", move |_| {
        theirs.write_all(b".").map_err(|error| error.to_string())?;
        if length(&theirs) <= times {
            signal_oneself(Signal::KILL);
        }
        Ok::<_, String>(b"alive".to_vec())
    });
    (task, count)
}

fn length(file: &File) -> u64 {
    u64::try_from(fstat(file.as_fd()).unwrap().st_size).unwrap()
}

pub(crate) fn retried() {
    let mut builder = Pool::builder().workers(2).retries(3);
    let (die, count) = die(&mut builder, 3);
    let pool = builder.start().unwrap();
    assert_eq!(pool.apply(die, b"").unwrap(), b"alive");
    assert_eq!(length(&count), 4);
    assert_eq!(pool.apply(die, &vec![0; 1_000_000]).unwrap(), b"alive");
}

pub(crate) fn retried_in_vain() {
    for (retries, large) in [(0, false), (1, false), (3, true)] {
        let mut builder = Pool::builder().workers(2).retries(retries);
        let (die, count) = die(&mut builder, u64::MAX);
        let pool = builder.start().unwrap();
        let argument = vec![0; if large { 1_000_000 } else { 0 }];
        assert!(signaled(signal::Signal::SIGKILL, &pool.apply(die, &argument)));
        assert_eq!(length(&count), u64::from(retries) + 1);
    }
}

pub(crate) fn of_idle_workers() {
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    for _ in 0..20 {
        let before = workers();
        for worker in &before {
            send(*worker, Signal::KILL);
        }
        let is_new = |workers: &[u32]| workers.len() == 2 && workers.iter().all(|worker| !before.contains(worker));
        eventually(|| is_new(&workers()), "two fresh workers");
        assert_eq!(pool.apply(obey, b"fine").unwrap(), b"fine");
    }
}

pub(crate) fn of_the_keeper() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let pending = [pool.apply_async(obey, b"wait").unwrap(), pool.apply_async(obey, b"fine").unwrap()];
    let workers = workers();
    send(keeper(), Signal::KILL);
    let [one, two] = pending;
    assert!(matches!(one.wait(), Err(TaskError::Ended)));
    // It may have been done before.
    assert!(matches!(two.wait(), Ok(_) | Err(TaskError::Ended)));
    assert!(matches!(pool.apply(obey, b"fine"), Err(TaskError::Ended)));
    assert!(matches!(pool.join(), Err(TaskError::Ended)));
    assert_eq!(pool.map(obey, core::iter::repeat(b"fine")).filter(Result::is_ok).count(), 0);
    // They are not ours to reap.
    eventually(|| workers.iter().all(|worker| !is_there(*worker)), "no workers");
    drop(pool);
    before.is_again();
}
