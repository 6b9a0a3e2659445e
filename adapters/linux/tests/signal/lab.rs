//! What the tests share.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use wirenut::time::Duration;
use wirenut_linux::signal::{self, Handler, Interval, Signal};

pub(crate) type Count = Arc<AtomicUsize>;

pub(crate) fn of(count: &Count) -> usize {
    count.load(Ordering::SeqCst)
}

/// Has the signal counted.
pub(crate) fn counted(signal: Signal) -> Count {
    let count = Count::default();
    signal::handle(signal, Handler::new().count(&count)).unwrap();
    count
}

/// Looks again until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < core::time::Duration::from_secs(30), "never: {what}");
        thread::yield_now();
    }
}

pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

pub(crate) fn real_time(offset: u8) -> Signal {
    Signal::real_time(offset).unwrap()
}

/// A signal each millisecond, until it is dropped, that interrupts whatever waits.
pub(crate) struct Storm(Count);

impl Storm {
    pub(crate) fn begin() -> Self {
        let count = Count::default();
        signal::handle(Signal::SIGALRM, Handler::new().count(&count).interrupting()).unwrap();
        Interval::Real.start(Duration::from_millis(1)).unwrap();
        Self(count)
    }

    /// Does something that has a time-out of 50 ms, of which the caller says whether it was over. It is, not earlier and not far
    /// later, and signals came meanwhile.
    pub(crate) fn times_out(&self, what: &str, wait: impl FnOnce() -> bool) {
        let (begun, before) = (Instant::now(), of(&self.0));
        assert!(wait(), "{what}");
        let (took, came) = (begun.elapsed(), of(&self.0) - before);
        // The system may count in ticks of ten milliseconds.
        assert!(took >= core::time::Duration::from_millis(40), "{what}: {took:?}");
        assert!(took < core::time::Duration::from_secs(20), "{what}: {took:?}");
        assert!(came > 0, "{what} met no signal");
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        Interval::Real.stop().unwrap();
    }
}

/// The time-out of what a storm interrupts.
pub(crate) const LIMIT: Duration = Duration::from_millis(50);

/// Waits for some milliseconds, whatever signals come.
pub(crate) fn rest() {
    thread::sleep(LIMIT.into());
}
