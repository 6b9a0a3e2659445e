//! Limits: of time, of the queue, of tasks, and of the system.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cell::Cell;

use rustix::process::{Resource, Rlimit, getrlimit, prlimit, setrlimit};
use wirenut::time::Duration;
use wirenut_linux::process::SpawnError;
use wirenut_linux::process::pipe::pipe;
use wirenut_linux::process::pool::{Pool, TaskError};
use wirenut_linux::socket::Attempt;

use crate::deaths::obey;
use crate::processes::{Before, descriptors, keeper, own_children, pid, workers};

/// Of tasks that never end. Others are done within it, also where the machine is busy.
const SHORT: Duration = Duration::from_secs(1);

pub(crate) fn of_time() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2).time_limit(SHORT);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let orders = [&b"one"[..], b"wait", b"two", b"wait", b"three", b"four"];
    for _ in 0..3 {
        let results: Vec<_> = pool.map(obey, orders).collect();
        for (order, result) in orders.iter().zip(results) {
            match result {
                Ok(result) => assert_eq!(result, *order),
                Err(error) => assert!(matches!(error, TaskError::TimedOut) && order == b"wait", "{error}"),
            }
        }
    }
    // It is over for nobody who does nothing, however long.
    let before_pause = workers();
    std::thread::sleep(core::time::Duration::from_millis(1_500));
    assert_eq!(workers(), before_pause);
    drop(pool);
    let mut builder = Pool::builder().workers(1).time_limit(Duration::default());
    let task = crate::deaths::obey(&mut builder);
    let pool = builder.start().unwrap();
    assert!(matches!(pool.apply(task, b"wait"), Err(TaskError::TimedOut)));
    drop(pool);
    before.is_again();
}

pub(crate) fn of_time_for_stopped_workers() {
    // Retries are for those that die by themselves.
    let mut builder = Pool::builder().workers(2).time_limit(SHORT).retries(5);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    for _ in 0..3 {
        assert!(matches!(pool.apply(obey, b"stop"), Err(TaskError::TimedOut)));
        assert_eq!(pool.apply(obey, b"fine").unwrap(), b"fine");
    }
}

pub(crate) fn of_time_for_chunks() {
    let mut builder = Pool::builder().workers(1).time_limit(SHORT);
    let sleep = builder.task("sleep", |_| {
        std::thread::sleep(core::time::Duration::from_millis(60));
        Ok::<_, String>(Vec::new())
    });
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    // Each has its time, and all together take longer.
    assert!(pool.map(sleep, [b""; 20]).chunk(20).all(|result| result.is_ok()));
    let results: Vec<_> = pool.map(obey, [&b"one"[..], b"wait", b"three"]).chunk(2).collect();
    assert!(matches!(results[..], [Err(TaskError::TimedOut), Err(TaskError::TimedOut), Ok(_)]));
}

pub(crate) fn of_the_queue() {
    let (open_gate, gate) = pipe().unwrap();
    let mut builder = Pool::builder().workers(1).queue(3);
    let wait = builder.task("wait", move |_| gate.recv().map(Option::unwrap_or_default));
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let first = pool.apply_async(wait, b"").unwrap();
    let mut pending = Vec::new();
    while let Attempt::Done(next) = pool.try_apply_async(obey, b"fine").unwrap() {
        pending.push(next);
    }
    assert_eq!(pending.len(), 2);
    let waiting = {
        let pool = pool.clone();
        std::thread::spawn(move || pool.apply_async(obey, b"fine"))
    };
    drop(first);
    assert!(matches!(pool.try_apply_async(obey, b"fine").unwrap(), Attempt::WouldBlock));
    open_gate.send(b"").unwrap();
    assert!(pending.into_iter().all(|pending| pending.wait().is_ok()));
    assert_eq!(waiting.join().unwrap().unwrap().wait().unwrap(), b"fine");
}

pub(crate) fn of_tasks_per_worker() {
    let mut builder = Pool::builder().workers(2).max_tasks_per_worker(5);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let mut count: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for who in pool.map(obey, [b"who"; 100]) {
        *count.entry(who.unwrap()).or_default() += 1;
    }
    assert!(count.len() >= 20 && count.values().all(|count| *count <= 5), "{count:?}");
    // A chunk is not divided.
    let results = pool.map(obey, [b"who"; 24]).chunk(12);
    let whos: BTreeSet<_> = results.map(Result::unwrap).collect();
    assert_eq!(whos.len(), 2);
}

pub(crate) fn that_cannot_be() {
    for builder in [Pool::builder().workers(0), Pool::builder().queue(0), Pool::builder().max_tasks_per_worker(0)] {
        let error = builder.start().unwrap_err();
        assert!(matches!(error, SpawnError::System(error) if error.kind() == std::io::ErrorKind::InvalidInput));
    }
    let thread = std::thread::spawn(std::thread::park);
    assert!(matches!(Pool::builder().start(), Err(SpawnError::Threads(2))));
    thread.thread().unpark();
    thread.join().unwrap();
    let mut other = Pool::builder();
    let foreign = obey(&mut other);
    let pool = Pool::builder().workers(1).start().unwrap();
    assert!(matches!(pool.apply(foreign, b""), Err(TaskError::Foreign)));
}

/// The n-th descriptor that the start needs cannot be had, for each n.
pub(crate) fn of_descriptors_at_the_start() {
    let limit = getrlimit(Resource::Nofile);
    let before = Before::now();
    let highest = u64::try_from(descriptors()).unwrap() + 400;
    let mut failures = 0;
    for spare in 0..40 {
        // All numbers below are taken.
        let taken: Vec<_> = core::iter::repeat_with(|| rustix::io::dup(std::io::stdin()).unwrap())
            .take_while(|taken| u64::try_from(std::os::fd::AsRawFd::as_raw_fd(taken)).unwrap() < highest - 1)
            .collect();
        setrlimit(Resource::Nofile, Rlimit { current: Some(highest + spare), ..limit }).unwrap();
        let mut builder = Pool::builder().workers(2);
        let obey = obey(&mut builder);
        let started = builder.start();
        setrlimit(Resource::Nofile, limit).unwrap();
        match started {
            Ok(pool) => {
                assert_eq!(pool.apply(obey, b"fine").unwrap(), b"fine");
                pool.join().unwrap();
            }
            Err(SpawnError::System(error)) => {
                assert!(error.is_out_of_resources(), "{error}");
                failures += 1;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(own_children().is_empty());
        drop(taken);
    }
    assert!((5..35).contains(&failures), "{failures}");
    before.is_again();
}

pub(crate) fn of_descriptors_later() {
    let mut builder = Pool::builder().workers(1);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let limit = getrlimit(Resource::Nofile);
    let keeper = Some(pid(keeper()));
    prlimit(keeper, Resource::Nofile, Rlimit { current: Some(3), ..limit }).unwrap();
    assert!(matches!(pool.apply(obey, b"kill"), Err(TaskError::Died(_))));
    // There is no worker, and there cannot be one: who waits is told.
    let error = pool.apply(obey, b"fine").unwrap_err();
    assert!(matches!(&error, TaskError::NoWorker(error) if error.is_out_of_resources()), "{error}");
    prlimit(keeper, Resource::Nofile, limit).unwrap();
    crate::processes::eventually(|| pool.apply(obey, b"fine").is_ok(), "a worker again");
}

/// As many arguments as there may be, as few are taken ahead.
pub(crate) fn of_a_map() {
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let taken = Cell::new(0);
    let endless = core::iter::repeat_with(|| {
        taken.set(taken.get() + 1);
        b"fine"
    });
    let mut results = pool.map(obey, endless);
    for count in 1..=1_000 {
        assert_eq!(results.next().unwrap().unwrap(), b"fine");
        assert!(taken.get() < count + 20, "{count}: {}", taken.get());
    }
    drop(results);
    pool.close();
    let mut late = pool.map(obey, core::iter::repeat(b"fine"));
    assert!(matches!(late.next(), Some(Err(TaskError::Closed))));
    assert!(late.next().is_none());
}

/// What is large needs a descriptor, of this process and of the keeper.
pub(crate) fn of_descriptors_for_large_tasks() {
    let mut builder = Pool::builder().workers(1);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let large = vec![b'x'; 300_000];
    let is_out = |error: &TaskError| matches!(error, TaskError::System(error) if error.is_out_of_resources());
    let limit = getrlimit(Resource::Nofile);
    // Whatever is open stays so; a new one would get a number that is too high.
    let with_none_left = |of: Option<rustix::process::Pid>| {
        prlimit(of, Resource::Nofile, Rlimit { current: Some(3), ..limit }).unwrap();
    };
    let give_back = |of| {
        prlimit(of, Resource::Nofile, limit).unwrap();
    };
    let length = |result: Result<Vec<u8>, TaskError>| result.map(|bytes| bytes.len());
    for _ in 0..3 {
        let pending = pool.apply_async(obey, &large).unwrap();
        with_none_left(None);
        assert!(is_out(&length(pending.wait()).unwrap_err()));
        assert!(is_out(&length(pool.apply(obey, &large)).unwrap_err()));
        assert_eq!(pool.apply(obey, b"small").unwrap(), b"small");
        give_back(None);
        assert_eq!(length(pool.apply(obey, &large)).unwrap(), large.len());

        let keeper = Some(pid(keeper()));
        with_none_left(keeper);
        assert!(is_out(&length(pool.apply(obey, &large)).unwrap_err()));
        assert_eq!(pool.apply(obey, b"small").unwrap(), b"small");
        give_back(keeper);
        assert_eq!(length(pool.apply(obey, &large)).unwrap(), large.len());
    }
}
