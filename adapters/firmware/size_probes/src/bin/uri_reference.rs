//! `nothing`, and a URI reference that is resolved against a base.
#![no_std]
#![no_main]

use wirenut::http::UriReference;
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let length = receive(&mut buffer);
        let reference = UriReference::parse(buffer.get(..length).unwrap_or(&[]));
        let base = UriReference::parse(b"http://device/a/b");
        if let (Ok(base), Ok(reference)) = (base, reference) {
            send(base.resolve(&reference, &mut out).map_or("", |resolved| resolved.as_str()).as_bytes());
        }
    }
}
