//! `nothing`, and frames of COBS, read and written.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::framing::{Cobs, Frames, Item};
use wirenut_size_probes::{BUFFER, keep, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut store, mut out) = ([0; BUFFER], [0; BUFFER], [0; BUFFER]);
    let mut frames = Frames::new(Cobs::new());
    keep(&frames);
    loop {
        let length = receive(&mut buffer);
        let mut rest = buffer.get(..length).unwrap_or(&[]);
        while let Ok((used, item)) = frames.receive(rest, &mut store) {
            rest = rest.get(used..).unwrap_or(&[]);
            match item {
                Item::Frame(message) => {
                    if let Ok(length) = frames.encode(message, &mut out) {
                        send(out.get(..length).unwrap_or(&[]));
                    }
                }
                Item::Skipped(skipped) => _ = black_box(skipped),
                Item::NeedMore(_) => break,
            }
        }
    }
}
