//! `hello` with a WebSocket beside it, which sends back each message: the difference to `hello` is what WebSocket costs.

#![no_std]
#![no_main]

use wirenut_firmware::hello::Hello;
use wirenut_firmware::sockets::{Echo, LIMITS, WithWebSocket};
use wirenut_firmware::web::Memory;

/// Holds the head of a response, or a frame.
const SCRATCH: usize = 256;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Memory<WithWebSocket<Hello, Echo>, { LIMITS.store_bytes() }, SCRATCH> = Memory::ZEROED;
    MEMORY.serve(&WithWebSocket(Hello, Echo), &LIMITS)
}
