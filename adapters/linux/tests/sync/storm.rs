//! Processes that work, and are killed and stopped at random while they do.

use core::sync::atomic::{AtomicU64, Ordering};
use std::fs;
use std::thread;
use std::time::Instant;

use wirenut::time::Duration;
use wirenut_linux::process::{self, Child, Ended};
use wirenut_linux::signal::Signal;
use wirenut_linux::sync::{Event, SharedSlice};
use wirenut_tests::dice::Dice;

/// How long to wait for what must come: a hang is a failure.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// What a worker knows.
#[derive(Clone)]
pub(crate) struct Worker {
    /// Its place among the workers; whoever replaces it has the same.
    pub(crate) number: usize,
    /// Set when the storm is over.
    pub(crate) over: Event,
    progress: SharedSlice<AtomicU64>,
}

impl Worker {
    /// Has done a piece of work.
    pub(crate) fn advance(&self) {
        self.progress[self.number].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.is_set()
    }
}

/// Runs `workers` processes of two threads that do `work` again and again, kills so many of them, one after the other, and
/// has others take their places. At the end all must end by themselves.
pub(crate) fn storm(workers: usize, kills: u32, work: impl Fn(&Worker, &mut Dice) + Clone + Send + Sync + 'static) {
    let (over, progress) = (Event::new().unwrap(), SharedSlice::new(workers, |_| AtomicU64::new(0)).unwrap());
    let before = descriptors();
    let mut dice = Dice::new(7);
    let start = |number: usize, seed: u64| {
        let worker = Worker { number, over: over.clone(), progress: progress.clone() };
        let work = work.clone();
        let run = move || {
            thread::scope(|scope| {
                for thread in 0..2 {
                    let (worker, work, mut dice) = (&worker, &work, Dice::new(seed * 2 + thread + 1));
                    scope.spawn(move || {
                        while !worker.is_over() {
                            work(worker, &mut dice);
                        }
                    });
                }
            });
        };
        process::spawn(run).unwrap()
    };
    let mut children: Vec<Child> = (0..workers).map(|number| start(number, number as u64)).collect();
    for kill in 0..kills {
        // Somebody must have worked: after each death, too.
        let wanted = total(&progress) + dice.below(20);
        wait_for(|| total(&progress) >= wanted, &format!("work after {kill} deaths"));
        let number = dice.below(workers as u64) as usize;
        if dice.below(4) == 0 {
            children[number].send(Signal::SIGSTOP).unwrap();
            thread::yield_now();
            children[number].send(Signal::SIGCONT).unwrap();
        }
        children[number].kill().unwrap();
        let ended = children[number].join_timeout(LIMIT).unwrap();
        let killed = Ended::Signaled { signal: Signal::SIGKILL, core_dumped: false };
        assert_eq!(ended, Some(killed), "a worker has found a fault");
        children[number] = start(number, u64::from(kill) + 100);
    }
    over.set();
    for child in &children {
        let ended = child.join_timeout(LIMIT).unwrap();
        assert!(ended.as_ref().is_some_and(Ended::is_success), "a worker hangs or fails: {ended:?}");
    }
    drop(children);
    assert_eq!(descriptors(), before, "descriptors were leaked");
}

fn total(progress: &SharedSlice<AtomicU64>) -> u64 {
    progress.iter().map(|progress| progress.load(Ordering::Relaxed)).sum()
}

pub(crate) fn wait_for(is_so: impl Fn() -> bool, what: &str) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < core::time::Duration::from(LIMIT), "no {what}");
        thread::yield_now();
    }
}

pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
