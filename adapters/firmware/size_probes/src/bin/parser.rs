//! `nothing`, and reads the heads of requests.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::RequestHead;
use wirenut_size_probes::{BUFFER, LIMITS, STORE, receive};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut store) = ([0; BUFFER], [0; STORE]);
    loop {
        let length = receive(&mut buffer);
        let head = RequestHead::parse(black_box(&LIMITS), buffer.get(..length).unwrap_or(&[]), &mut store);
        black_box(&head);
    }
}
