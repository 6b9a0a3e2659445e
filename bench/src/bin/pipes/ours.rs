//! wirenut-linux.

use wirenut_linux::process::pipe::duplex;
use wirenut_linux::process::pool::{Pool, Task};
use wirenut_linux::process::spawn;

use crate::Failure;

pub(crate) fn stream(count: usize, length: usize) -> Result<(), Failure> {
    let (ours, theirs) = duplex()?;
    let child = spawn(move || {
        for _ in 0..count {
            let _ = theirs.recv();
        }
        theirs.send(b"")
    })?;
    let message = vec![7; length];
    for _ in 0..count {
        ours.send(&message)?;
    }
    ours.recv()?;
    child.join()?;
    Ok(())
}

pub(crate) fn round_trip(count: usize, length: usize) -> Result<(), Failure> {
    let (ours, theirs) = duplex()?;
    let child = spawn(move || {
        for _ in 0..count {
            if let Ok(Some(message)) = theirs.recv() {
                let _ = theirs.send(&message);
            }
        }
    })?;
    let message = vec![7; length];
    for _ in 0..count {
        ours.send(&message)?;
        ours.recv()?;
    }
    child.join()?;
    Ok(())
}

fn pooled(workers: usize, run: impl FnOnce(&Pool, Task) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut builder = Pool::builder().workers(workers);
    let identity = builder.task("identity", |bytes| Ok::<_, String>(bytes.to_vec()));
    let pool = builder.start()?;
    run(&pool, identity)?;
    pool.join()?;
    Ok(())
}

pub(crate) fn apply(count: usize, workers: usize) -> Result<(), Failure> {
    pooled(workers, |pool, identity| {
        for number in 0..count {
            pool.apply(identity, &number.to_ne_bytes())?;
        }
        Ok(())
    })
}

pub(crate) fn map_single(count: usize, workers: usize) -> Result<(), Failure> {
    map(count, workers, 1)
}

/// In chunks as Python makes them.
pub(crate) fn map_default(count: usize, workers: usize) -> Result<(), Failure> {
    map(count, workers, count.div_ceil(4 * workers))
}

fn map(count: usize, workers: usize, chunk: usize) -> Result<(), Failure> {
    pooled(workers, |pool, identity| {
        for result in pool.map(identity, (0..count).map(usize::to_ne_bytes)).chunk(chunk) {
            result?;
        }
        Ok(())
    })
}
