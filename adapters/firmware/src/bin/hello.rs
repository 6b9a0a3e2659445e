//! The canned answer again, now from an HTTP server: the difference in flash and RAM is what HTTP costs.

#![no_std]
#![no_main]

use wirenut_firmware::hello::{Hello, LIMITS};
use wirenut_firmware::web::Memory;

/// Holds a response.
const SCRATCH: usize = 160;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Memory<Hello, { LIMITS.store_bytes() }, SCRATCH> = Memory::ZEROED;
    MEMORY.serve(&Hello, &LIMITS)
}
