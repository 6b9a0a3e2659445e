//! `nothing`, and frames of HDLC with their checksum, read and written.
#![no_std]
#![no_main]

use wirenut::framing::{Frames, Hdlc, Trailer};
use wirenut_size_probes::frames::speak;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    speak(Frames::new(Hdlc::new()).with_trailer(Trailer::fcs_16()))
}
