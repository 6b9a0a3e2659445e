//! `nothing`, and messages with a delimiter behind them, read and written.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::framing::{Delimited, Frames};
use wirenut_size_probes::frames::speak;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    speak(Frames::new(Delimited::new(black_box(b"\r\n"))))
}
