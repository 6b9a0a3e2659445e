//! `nothing`, and lines, read and written.
#![no_std]
#![no_main]

use wirenut::framing::{Frames, Lines};
use wirenut_size_probes::frames::speak;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    speak(Frames::new(Lines::new()))
}
