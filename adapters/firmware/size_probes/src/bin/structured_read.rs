//! `nothing`, and structured fields: numbers of a dictionary are looked up.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::structured::Dictionary;
use wirenut_size_probes::{BUFFER, receive};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut buffer = [0; BUFFER];
    loop {
        let length = receive(&mut buffer);
        let Ok(dictionary) = Dictionary::parse(buffer.get(..length).unwrap_or(&[])) else { continue };
        for key in ["u", "i"] {
            black_box(dictionary.get(key).and_then(|member| member.value()?.integer()));
        }
    }
}
