//! All that a service may do, over smoltcp: the difference to `canned` is what the whole of HTTP costs.

#![no_std]
#![no_main]

use wirenut_firmware::full::{Full, LIMITS};
use wirenut_firmware::web::Memory;

/// Holds the head of a response, or a piece of content.
const SCRATCH: usize = 256;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Memory<Full, { LIMITS.store_bytes() }, SCRATCH> = Memory::ZEROED;
    MEMORY.serve(&Full, &LIMITS)
}
