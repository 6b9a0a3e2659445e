//! `nothing`, and reads forms with files.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::multipart::{Boundary, Event, Limits, Parser};
use wirenut_size_probes::{BUFFER, STORE, receive};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut store) = ([0; BUFFER], [0; STORE]);
    loop {
        let length = receive(&mut buffer);
        let Ok(boundary) = Boundary::from_content_type(buffer.get(..length).unwrap_or(&[])) else { continue };
        let mut parser = Parser::new(boundary);
        loop {
            let length = receive(&mut buffer);
            let mut rest = buffer.get(..length).unwrap_or(&[]);
            while let Ok((used, event)) = parser.receive(black_box(&Limits::DEFAULT), rest, &mut store) {
                black_box(&event);
                if matches!(event, Event::NeedMore) {
                    break;
                }
                rest = rest.get(used..).unwrap_or(&[]);
            }
            if black_box(parser.handle_eof()).is_ok() {
                break;
            }
        }
    }
}
