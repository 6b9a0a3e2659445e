//! embassy's executor, in a loop of ours.
//!
//! The loop of embassy-executor waits by WFE, which an emulator need not honour; ours waits as our other firmware does.

use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

use super::{driver, time};
use crate::board::sleep;

/// A task was woken since the executor looked.
static IS_PENDING: AtomicBool = AtomicBool::new(false);

/// embassy-executor calls it when a task is woken.
#[unsafe(export_name = "__pender")]
fn pend(_: *mut ()) {
    IS_PENDING.store(true, Ordering::Relaxed);
}

/// Runs the tasks that `start` spawns, for ever.
///
/// # Panics
///
/// When called a second time.
pub fn run(start: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
    let executor: &'static raw::Executor = EXECUTOR.init_with(|| raw::Executor::new(core::ptr::null_mut()));
    start(executor.spawner());
    loop {
        IS_PENDING.store(false, Ordering::Relaxed);
        // SAFETY: `run` is entered once, no task can call this, and `pend` does not.
        unsafe { executor.poll() };
        driver::wake_network();
        time::wake_due();
        // No handler wakes anybody, so nothing comes between the look and the sleep.
        if !IS_PENDING.load(Ordering::Relaxed) {
            sleep::until_announced_or_tick();
        }
    }
}
