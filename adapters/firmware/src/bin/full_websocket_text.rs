//! `full_websocket` with a handler as most are: it takes text as a `str`, and its peer is watched.

#![no_std]
#![no_main]

use wirenut_firmware::full::Full;
use wirenut_firmware::sockets::{LIMITS, TextEcho, WithWebSocket};
use wirenut_firmware::web::Memory;

/// Holds the head of a response, or a frame.
const SCRATCH: usize = 256;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Memory<WithWebSocket<Full, TextEcho>, { LIMITS.store_bytes() }, SCRATCH> = Memory::ZEROED;
    MEMORY.serve(&WithWebSocket(Full, TextEcho), &LIMITS)
}
