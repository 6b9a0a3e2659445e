//! `nothing`, and receives a header of the PROXY protocol, of either version.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::proxy::{Limits, Parsed, Receiver};
use wirenut_size_probes::{BUFFER, keep, now, receive};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut buffer = [0; BUFFER];
    let limits = black_box(&Limits::DEFAULT);
    let mut receiver = Receiver::new(limits, now());
    keep(&receiver);
    loop {
        let length = receive(&mut buffer);
        if let Ok(Parsed::Header(header)) = receiver.receive(limits, buffer.get(..length).unwrap_or(&[])) {
            black_box((header.source(), header.length));
        }
        black_box(receiver.handle_timeout(now()).is_err() || receiver.poll_timeout().is_some());
    }
}
