//! `nothing`, and Basic credentials: they are decoded and compared, and a challenge is written.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::{AuthenticationWriter, BasicCredentials};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut room) = ([0; BUFFER], [0; 64]);
    loop {
        let length = receive(&mut buffer);
        let credentials = BasicCredentials::parse(buffer.get(..length).unwrap_or(&[]), &mut room);
        let may_enter = credentials.is_ok_and(|credentials| credentials.is("admin", "secret"));
        black_box(may_enter);
        if let Ok(mut challenge) = AuthenticationWriter::new(&mut room, "Basic") {
            black_box(challenge.parameter("realm", "device").is_ok());
            send(challenge.finish());
        }
    }
}
