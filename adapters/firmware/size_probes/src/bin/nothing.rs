//! A program that does nothing: what all others are made of.
#![no_std]
#![no_main]

use wirenut_size_probes::{BUFFER, now, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut buffer = [0; BUFFER];
    loop {
        let length = receive(&mut buffer);
        core::hint::black_box(now());
        send(buffer.get(..length).unwrap_or(&[]));
    }
}
