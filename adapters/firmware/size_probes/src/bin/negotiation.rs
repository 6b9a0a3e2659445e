//! `nothing`, and negotiation: a media type, a coding and a language are chosen.
#![no_std]
#![no_main]

use wirenut::http::{Accept, AcceptEncoding, AcceptLanguage, Fields};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut buffer = [0; BUFFER];
    loop {
        let length = receive(&mut buffer);
        let fields = Fields::parse(buffer.get(..length).unwrap_or(&[])).unwrap_or(Fields::EMPTY);
        let media_type = Accept::of(fields).best(&["text/html", "application/json"]);
        let coding = AcceptEncoding::of(fields).best(&["gzip", "identity"]);
        let language = AcceptLanguage::of(fields).lookup(&["en", "de"]);
        for chosen in [media_type, coding, language] {
            send(chosen.unwrap_or("").as_bytes());
        }
    }
}
