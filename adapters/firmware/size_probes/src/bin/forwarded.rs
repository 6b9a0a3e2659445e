//! `nothing`, and the client's address behind a proxy, by Forwarded.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::{Fields, TrustedProxies};
use wirenut_size_probes::{BUFFER, receive};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut buffer = [0; BUFFER];
    loop {
        let length = receive(&mut buffer);
        let fields = Fields::parse(buffer.get(..length).unwrap_or(&[])).unwrap_or(Fields::EMPTY);
        black_box(TrustedProxies::Hops(1).client_by_forwarded(None, fields).address);
    }
}
