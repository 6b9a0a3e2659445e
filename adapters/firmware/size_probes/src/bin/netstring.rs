//! `nothing`, and netstrings, read and written.
#![no_std]
#![no_main]

use wirenut::framing::{Frames, Netstring};
use wirenut_size_probes::frames::speak;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    speak(Frames::new(Netstring::new(256)))
}
