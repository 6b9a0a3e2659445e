//! `nothing`, and a client's cookies: one is read, and sent back.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::{CookieWriter, SetCookie};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let length = receive(&mut buffer);
        let Ok(cookie) = SetCookie::parse(buffer.get(..length).unwrap_or(&[])) else { continue };
        black_box(&cookie);
        let mut cookies = CookieWriter::new(&mut out);
        black_box(cookies.cookie(cookie.name, cookie.value).is_ok());
        send(cookies.finish());
    }
}
