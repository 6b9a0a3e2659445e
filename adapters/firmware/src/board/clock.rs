//! The monotonic clock: the board's TIMER0, read as integer microseconds since the start.
//!
//! The timer is 32 bits wide, counts processor cycles without an interrupt, and comes round after
//! 171 s. SysTick wakes the processor each millisecond; it also reads the timer, so that no round is
//! missed. Ticks are not counted: a processor that is held up, as an emulated one is on a busy
//! machine, loses some, and its time would fall behind that of its peers.

use core::cell::Cell;

use cortex_m::{
    interrupt::{self, Mutex},
    peripheral::{SYST, syst::SystClkSource},
};
use cortex_m_rt::exception;
use smoltcp::time::Instant;

use timer::Port;

const CYCLES_PER_MICROSECOND: u32 = 25;
const CYCLES_PER_TICK: u32 = CYCLES_PER_MICROSECOND * 1_000;

/// The timer runs down from here, and begins again.
const FULL: u32 = u32::MAX;

static READING: Mutex<Cell<Reading>> = Mutex::new(Cell::new(Reading { counter: FULL, microseconds: 0 }));

/// What the timer's counter was when so many microseconds had passed.
#[derive(Clone, Copy)]
struct Reading {
    counter: u32,
    microseconds: u64,
}

impl Reading {
    /// The same for the last whole microsecond before the counter was at `counter`.
    fn at(self, counter: u32) -> Self {
        let whole = self.counter.wrapping_sub(counter) / CYCLES_PER_MICROSECOND;
        Self {
            counter: self.counter.wrapping_sub(whole * CYCLES_PER_MICROSECOND),
            microseconds: self.microseconds + u64::from(whole),
        }
    }
}

/// The running clock. Whoever has a copy may read it; there is one clock behind all copies.
#[derive(Clone, Copy)]
pub struct Clock {
    _started: (),
}

impl Clock {
    /// Starts the timer, and SysTick at one tick per millisecond, and keeps anybody from setting them otherwise.
    #[must_use]
    pub fn start(mut tick: SYST) -> Self {
        timer::write(Port::Reload, FULL);
        timer::write(Port::Value, FULL);
        timer::write(Port::Control, timer::ENABLE);
        tick.set_clock_source(SystClkSource::Core);
        tick.set_reload(CYCLES_PER_TICK - 1);
        tick.clear_current();
        tick.enable_interrupt();
        tick.enable_counter();
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

/// The same for who has no copy of the clock. Call it only once the clock is started.
pub(super) fn microseconds() -> u64 {
    interrupt::free(|cs| {
        let last = READING.borrow(cs);
        last.set(last.get().at(timer::read(Port::Value)));
        last.get().microseconds
    })
}

#[exception]
fn SysTick() {
    microseconds();
}

/// Reads and writes of the timer's registers, and nothing else: all that is unsafe here.
mod timer {
    const BASE: usize = 0x4000_0000;

    /// The bit of [`Port::Control`] by which the counter runs, without an interrupt.
    pub(super) const ENABLE: u32 = 1;

    /// The registers we use, by their offset.
    #[derive(Clone, Copy)]
    #[repr(usize)]
    pub(super) enum Port {
        Control = 0x0,
        Value = 0x4,
        Reload = 0x8,
    }

    pub(super) fn read(port: Port) -> u32 {
        // SAFETY: the board maps the timer at this address, every `Port` is an aligned register of
        // it, and reading one touches no memory of the program.
        unsafe { address(port).read_volatile() }
    }

    pub(super) fn write(port: Port, value: u32) {
        // SAFETY: as for `read`; the timer has no DMA, so no write reaches memory.
        unsafe { address(port).write_volatile(value) }
    }

    fn address(port: Port) -> *mut u32 {
        core::ptr::without_provenance_mut(BASE + port as usize)
    }
}
