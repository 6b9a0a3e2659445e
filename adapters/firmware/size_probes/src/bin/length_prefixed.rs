//! `nothing`, and messages with a length in front of them, read and written.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::framing::{ByteOrder, Frames, LengthPrefixed, Width};
use wirenut_size_probes::frames::speak;

const CODEC: LengthPrefixed = match LengthPrefixed::new(Width::U16, ByteOrder::BigEndian, 256) {
    Ok(codec) => codec,
    Err(_) => panic!("the length cannot say the limit"),
};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    speak(Frames::new(black_box(CODEC)))
}
