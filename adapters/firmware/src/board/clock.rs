//! The monotonic clock: SysTick, counted in integer microseconds since the start.
//!
//! SysTick alone is 24 bits wide and would be lost after 0.7 s, so its interrupt counts the
//! milliseconds and the counter itself gives the part below.

use core::cell::Cell;

use cortex_m::{
    interrupt::{self, Mutex},
    peripheral::{SCB, SYST, syst::SystClkSource},
};
use cortex_m_rt::exception;
use smoltcp::time::Instant;

const CYCLES_PER_MICROSECOND: u32 = 25;
const MICROSECONDS_PER_TICK: u32 = 1_000;
const CYCLES_PER_TICK: u32 = CYCLES_PER_MICROSECOND * MICROSECONDS_PER_TICK;

static TICKS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// The running clock. Whoever has a copy may read it; there is one clock behind all copies.
#[derive(Clone, Copy)]
pub struct Clock {
    _started: (),
}

impl Clock {
    /// Starts SysTick at one tick per millisecond, and keeps anybody from setting it otherwise.
    #[must_use]
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(CYCLES_PER_TICK - 1);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
        Self { _started: () }
    }

    /// Microseconds since the start. Never goes back, and does not wrap in half a million years.
    #[must_use]
    pub fn microseconds(self) -> u64 {
        microseconds()
    }

    /// The same as smoltcp's type.
    #[must_use]
    pub fn now(self) -> Instant {
        // 2^63 microseconds are 292,000 years.
        Instant::from_micros_const(self.microseconds().cast_signed())
    }
}

/// The same for who has no copy of the clock. Zero until it is started.
pub(super) fn microseconds() -> u64 {
    let (ticks, counter) = interrupt::free(|cs| {
        let ticks = TICKS.borrow(cs).get();
        let counter = SYST::get_current();
        // A tick whose interrupt has not run yet counts too, and the counter that was read
        // may be from before it.
        if SCB::is_pendst_pending() { (ticks + 1, SYST::get_current()) } else { (ticks, counter) }
    });
    ticks * u64::from(MICROSECONDS_PER_TICK) + u64::from(microseconds_into_tick(counter))
}

/// The counter runs down, and ticks as it reaches 0: so 0 is where a tick begins.
fn microseconds_into_tick(counter: u32) -> u32 {
    match counter {
        0 => 0,
        left => (CYCLES_PER_TICK - left) / CYCLES_PER_MICROSECOND,
    }
}

#[exception]
fn SysTick() {
    interrupt::free(|cs| {
        let ticks = TICKS.borrow(cs);
        ticks.set(ticks.get() + 1);
    });
}
