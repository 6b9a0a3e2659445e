//! `server`, driven by a session for a service.
#![no_std]
#![no_main]

use wirenut_size_probes::service::{Hello, run};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run(&Hello)
}
