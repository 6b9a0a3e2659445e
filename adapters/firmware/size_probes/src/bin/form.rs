//! `nothing`, and queries and forms: a number and a text are looked up, and a pair is written.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::{FormPairs, FormWriter};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let length = receive(&mut buffer);
        let pairs = FormPairs::new(buffer.get(..length).unwrap_or(&[]));
        let page = pairs.get_single("page").ok().flatten().and_then(|page| page.parse::<u32>().ok());
        black_box(&page);
        let mut room = [0; 32];
        let name = pairs.get("name").and_then(|name| name.decode_str(&mut room).ok()).unwrap_or("");
        let mut form = FormWriter::new(&mut out);
        black_box(form.pair("name", name).is_ok());
        send(form.finish());
    }
}
