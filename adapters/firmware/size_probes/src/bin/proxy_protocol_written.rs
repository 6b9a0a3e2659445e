//! `proxy_protocol`, and writes headers of both versions.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::proxy::{HeaderWriter, Limits, Parsed, Receiver, write_v1};
use wirenut_size_probes::{BUFFER, keep, now, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut out) = ([0; BUFFER], [0; BUFFER]);
    let limits = black_box(&Limits::DEFAULT);
    let mut receiver = Receiver::new(limits, now());
    keep(&receiver);
    loop {
        let length = receive(&mut buffer);
        if let Ok(Parsed::Header(header)) = receiver.receive(limits, buffer.get(..length).unwrap_or(&[])) {
            send(write_v1(&header.endpoints, &mut out).unwrap_or(&[]));
            let written = HeaderWriter::new(&mut out, &header.endpoints).and_then(HeaderWriter::finish_with_checksum);
            send(written.unwrap_or(&[]));
        }
        black_box(receiver.handle_timeout(now()).is_err() || receiver.poll_timeout().is_some());
    }
}
