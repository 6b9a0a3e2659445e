//! How pools end, and that nothing of them stays.

use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, set_child_subreaper, waitpid};
use wirenut::time::Duration;
use wirenut_linux::process::pipe::pipe;
use wirenut_linux::process::pool::{Pool, TaskError};
use wirenut_linux::process::{Ended, spawn};
use wirenut_linux::socket::Attempt;

use crate::deaths::obey;
use crate::processes::{Before, children, eventually, is_there, keeper, pid, send, workers};

pub(crate) fn closed() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let pending: Vec<_> = (0..50).map(|_| pool.apply_async(obey, b"fine").unwrap()).collect();
    pool.close();
    assert!(matches!(pool.apply_async(obey, b"fine"), Err(TaskError::Closed)));
    assert!(matches!(pool.try_apply_async(obey, b"fine"), Err(TaskError::Closed)));
    pool.join().unwrap();
    assert!(crate::processes::own_children().is_empty());
    assert!(pending.into_iter().all(|pending| pending.wait().is_ok()));
    pool.join().unwrap();
    drop(pool);
    before.is_again();
}

pub(crate) fn joined_in_time() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let pending = pool.apply_async(obey, b"wait").unwrap();
    assert_eq!(pool.join_timeout(Duration::from_millis(20)).unwrap(), Attempt::WouldBlock);
    assert!(matches!(pool.apply(obey, b"fine"), Err(TaskError::Closed)));
    // Whoever had not begun with it when it was killed leaves it to the next one.
    while pool.join_timeout(Duration::from_millis(100)).unwrap() == Attempt::WouldBlock {
        for worker in workers() {
            // One that had nothing to do may have ended by itself.
            let _ = kill_process(pid(worker), Signal::KILL);
        }
    }
    assert!(matches!(pending.wait(), Err(TaskError::Died(_))));
    drop(pool);
    before.is_again();
}

pub(crate) fn dropped() {
    let before = Before::now();
    for _ in 0..20 {
        let mut builder = Pool::builder().workers(3);
        let obey = obey(&mut builder);
        let pool = builder.start().unwrap();
        let orders = [&b"wait"[..], b"stop", b"fine", b"fine"];
        let pending: Vec<_> = orders.map(|order| pool.apply_async(obey, order).unwrap()).into();
        let workers = workers();
        let clone = pool.clone();
        drop(pool);
        assert!(is_there(workers[0]));
        drop(clone);
        assert!(!workers.into_iter().any(is_there));
        assert!(
            pending
                .into_iter()
                .filter_map(|pending| pending.wait().err())
                .all(|error| matches!(error, TaskError::Ended))
        );
        before.is_again();
    }
}

pub(crate) fn terminated_while_others_wait() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let pool = pool.clone();
            thread::spawn(move || pool.apply(obey, b"wait"))
        })
        .collect();
    pool.terminate().unwrap();
    for thread in waiting {
        assert!(matches!(thread.join().unwrap(), Err(TaskError::Ended | TaskError::Closed)));
    }
    assert!(matches!(pool.join(), Ok(()) | Err(TaskError::Ended)));
    pool.terminate().unwrap();
    drop(pool);
    before.is_again();
}

pub(crate) fn with_a_stopped_keeper() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    send(keeper(), Signal::STOP);
    let workers = workers();
    let pending = pool.apply_async(obey, b"fine").unwrap();
    let pending = pending.wait_timeout(Duration::from_millis(20)).unwrap_err();
    drop(pool);
    assert!(matches!(pending.wait(), Err(TaskError::Ended)));
    eventually(|| !workers.iter().copied().any(is_there), "no workers");
    before.is_again();
}

/// The program is killed: its keeper and workers go, too, and whoever inherits them finds no one that lives on.
pub(crate) fn with_their_program() {
    set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    for order in [&b"fine"[..], b"wait", b"stop"] {
        let (tell, told) = pipe().unwrap();
        let program = spawn(move || {
            let mut builder = Pool::builder().workers(3);
            let obey = obey(&mut builder);
            let pool = builder.start().unwrap();
            let _pending = pool.apply_async(obey, order).unwrap();
            tell.send(&keeper().to_ne_bytes()).unwrap();
            loop {
                thread::park();
            }
        })
        .unwrap();
        let keeper = u32::from_ne_bytes(told.recv().unwrap().unwrap().try_into().unwrap());
        let mut all = children(keeper);
        assert_eq!(all.len(), 3);
        all.push(keeper);
        program.kill().unwrap();
        assert!(matches!(program.join().unwrap(), Ended::Signaled { .. }));
        for process in all {
            let process = Pid::from_raw(process.cast_signed()).unwrap();
            eventually(|| !matches!(waitpid(Some(process), WaitOptions::NOHANG), Ok(None)), "it ends");
        }
    }
}

pub(crate) fn in_a_copy() {
    let mut builder = Pool::builder().workers(1);
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    let pending = pool.apply_async(obey, b"mine").unwrap();
    let copy = pool.clone();
    let child = spawn(move || {
        let is_foreign = matches!(copy.apply(obey, b"fine"), Err(TaskError::Foreign))
            && matches!(copy.join(), Err(TaskError::Foreign))
            && copy.terminate().is_ok();
        u8::from(is_foreign)
    });
    assert_eq!(child.unwrap().join().unwrap(), Ended::Exited(1));
    assert_eq!(pending.wait().unwrap(), b"mine");
    assert_eq!(pool.apply(obey, b"still").unwrap(), b"still");
}

/// A process that a task has made keeps what it has inherited open, and nobody waits for it.
pub(crate) fn for_tasks_of_others() {
    let mut builder = Pool::builder().workers(1);
    let (tell, told) = pipe().unwrap();
    let beget = builder.task("beget", move |_| {
        let child = spawn(|| {
            loop {
                thread::park();
            }
        })
        .map_err(|error| error.to_string())?;
        tell.send(&child.pid().to_ne_bytes()).map_err(|error| error.to_string())?;
        core::mem::forget(child);
        Ok::<_, String>(Vec::new())
    });
    let obey = obey(&mut builder);
    let pool = builder.start().unwrap();
    assert!(pool.apply(beget, b"").is_ok());
    let grandchild = u32::from_ne_bytes(told.recv().unwrap().unwrap().try_into().unwrap());
    // The worker dies, and its pipe does not end.
    assert!(matches!(pool.apply(obey, b"kill"), Err(TaskError::Died(_))));
    assert_eq!(pool.apply(obey, b"fine").unwrap(), b"fine");
    // The keeper dies, and its pipe does not end either.
    let pending = pool.apply_async(obey, b"wait").unwrap();
    send(keeper(), Signal::KILL);
    assert!(matches!(pending.wait(), Err(TaskError::Ended)));
    assert!(is_there(grandchild));
    send(grandchild, Signal::KILL);
}
