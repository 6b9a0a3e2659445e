//! What tests wait with, and what they wait for.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::num::NonZeroUsize;
use core::task::Waker;
use core::time::Duration;
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, Mutex};

use wirenut_server::blocking::{Bounds, Job, Pool};

/// A waker that counts, and can be waited for.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<usize>,
    changed: Condvar,
}

impl Bell {
    pub(super) fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    pub(super) fn rung(&self) -> usize {
        *self.rung.lock().unwrap()
    }

    /// Waits until it was rung that often in all, and fails where that takes far too long.
    pub(super) fn wait_for(&self, times: usize) {
        let rung = self.rung.lock().unwrap();
        let (_rung, waited) =
            self.changed.wait_timeout_while(rung, Duration::from_secs(20), |rung| *rung < times).unwrap();
        assert!(!waited.timed_out(), "never woken");
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

pub(super) fn pool(threads: usize, waiting: usize) -> Pool {
    Pool::new(Bounds { threads: NonZeroUsize::new(threads).unwrap(), waiting, ..Bounds::DEFAULT })
}

/// Keeps the pool's one thread busy until this is dropped.
pub(super) struct Occupied {
    _job: Job<()>,
    _release: Sender<()>,
}

pub(super) fn occupy(pool: &Pool) -> Occupied {
    let (started, has_started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let work = move || {
        started.send(()).unwrap();
        let _ = released.recv();
    };
    let job = pool.spawn(Waker::noop(), work).expect("a free thread");
    has_started.recv().unwrap();
    Occupied { _job: job, _release: release }
}
