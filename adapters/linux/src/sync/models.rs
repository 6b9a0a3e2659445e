//! The event count under every interleaving of its steps, and every order in which its stores may be seen.

use core::convert::Infallible;

use loom::sync::atomic::{AtomicU32, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread::{self, JoinHandle};
use rustix::time::Timespec;

use super::deadline::Deadline;
use super::event_count::{EventCount, Word};

/// A word and its sleepers, as futex(2) has them: to compare and to fall asleep is one step. Nobody wakes up by itself, so
/// a wake-up that is lost is a deadlock, which the model finds.
struct Futex {
    word: AtomicU32,
    /// Those that sleep, by number, the oldest first; and how many ever did.
    sleepers: Mutex<(Vec<u32>, u32)>,
    woken: Condvar,
}

impl Futex {
    fn new() -> Self {
        Self { word: AtomicU32::new(0), sleepers: Mutex::new((Vec::new(), 0)), woken: Condvar::new() }
    }
}

impl Word for Futex {
    fn load(&self) -> u32 {
        self.word.load(Ordering::Relaxed)
    }

    fn fetch_add(&self, number: u32) -> u32 {
        self.word.fetch_add(number, Ordering::Relaxed)
    }

    fn fetch_or(&self, bits: u32) -> u32 {
        self.word.fetch_or(bits, Ordering::Relaxed)
    }

    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32> {
        self.word.compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed)
    }

    fn sleep(&self, current: u32, _: &Timespec) {
        let mut sleepers = self.sleepers.lock().unwrap();
        if self.word.load(Ordering::Relaxed) != current {
            return;
        }
        sleepers.1 += 1;
        let number = sleepers.1;
        sleepers.0.push(number);
        while sleepers.0.contains(&number) {
            sleepers = self.woken.wait(sleepers).unwrap();
        }
    }

    fn wake(&self, most: u32) -> u32 {
        let mut sleepers = self.sleepers.lock().unwrap();
        let woken = sleepers.0.len().min(most as usize);
        sleepers.0.drain(..woken);
        self.woken.notify_all();
        woken as u32
    }

    fn barrier() {
        fence(Ordering::SeqCst);
    }
}

/// What is waited for: some units, of which each waiter takes one.
struct Shared {
    units: AtomicU32,
    change: EventCount<Futex>,
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self { units: AtomicU32::new(0), change: EventCount::of(Futex::new()) })
    }

    fn take(&self) {
        let one_less = |units: u32| units.checked_sub(1);
        let Ok(taken) = self.change.wait_until(Deadline::after(None), || {
            let taken = self.units.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
            Ok::<_, Infallible>(taken.is_ok().then_some(()))
        });
        assert!(taken.is_some());
    }

    fn give(&self, units: u32) {
        self.units.fetch_add(units, Ordering::Relaxed);
        if units == 1 {
            self.change.notify_one();
        } else {
            self.change.notify_all();
        }
    }
}

/// Another process, as far as the model knows.
fn beside(shared: &Arc<Shared>, does: fn(&Shared)) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || does(&shared))
}

fn each_interleaving(preemptions: usize, of: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(of);
}

#[test]
fn a_notification_finds_whoever_is_about_to_sleep() {
    each_interleaving(5, || {
        let shared = Shared::new();
        let waiter = beside(&shared, Shared::take);
        shared.give(1);
        waiter.join().unwrap();
    });
}

#[test]
fn two_notifications_wake_two() {
    each_interleaving(3, || {
        let shared = Shared::new();
        let waiter = beside(&shared, Shared::take);
        let giver = beside(&shared, |shared| {
            shared.give(1);
            shared.give(1);
        });
        shared.take();
        giver.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn one_notification_for_all_wakes_two() {
    each_interleaving(3, || {
        let shared = Shared::new();
        let waiter = beside(&shared, Shared::take);
        let giver = beside(&shared, |shared| shared.give(2));
        shared.take();
        giver.join().unwrap();
        waiter.join().unwrap();
    });
}

/// A process that is killed stays registered.
#[test]
fn the_dead_take_no_wake_up_along() {
    each_interleaving(3, || {
        let shared = Shared::new();
        let killed = beside(&shared, |shared| {
            let _killed = shared.change.register();
        });
        let giver = beside(&shared, |shared| shared.give(1));
        shared.take();
        giver.join().unwrap();
        killed.join().unwrap();
    });
}
