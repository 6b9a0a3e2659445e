//! The board's clock as the clock of embassy-time, in microseconds, and who waits for it.

use core::cell::RefCell;
use core::task::Waker;

use cortex_m::interrupt::{self, Mutex};
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

use crate::board::clock;

embassy_time_driver::time_driver_impl!(static TIME: Time = Time { queue: Mutex::new(RefCell::new(Queue::new())) });

struct Time {
    queue: Mutex<RefCell<Queue>>,
}

impl Driver for Time {
    fn now(&self) -> u64 {
        clock::microseconds()
    }

    /// There is no alarm to set: the loop looks at the queue after each tick.
    fn schedule_wake(&self, at: u64, waker: &Waker) {
        interrupt::free(|cs| self.queue.borrow(cs).borrow_mut().schedule_wake(at, waker));
    }
}

/// Wakes whose time has come.
pub(super) fn wake_due() {
    let now = clock::microseconds();
    interrupt::free(|cs| TIME.queue.borrow(cs).borrow_mut().next_expiration(now));
}
