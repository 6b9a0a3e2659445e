//! `service`, over a stream that blocks.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::{Buffers, Server};
use wirenut_size_probes::service::Hello;
use wirenut_size_probes::stream::{Time, Wire};
use wirenut_size_probes::{BUFFER, LIMITS, STORE};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut output) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    loop {
        let connection = Server::new(&LIMITS, Buffers { input: &mut input, store: &mut store, output: &mut output });
        let served = connection.serve_blocking(&mut Wire, &Hello, &Time, |_, wanted| {
            black_box(wanted);
        });
        black_box(served.is_err());
    }
}
