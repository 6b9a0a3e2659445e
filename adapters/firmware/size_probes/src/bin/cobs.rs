//! `nothing`, and frames of COBS, read and written.
#![no_std]
#![no_main]

use wirenut::framing::{Cobs, Frames};
use wirenut_size_probes::frames::speak;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    speak(Frames::new(Cobs::new()))
}
