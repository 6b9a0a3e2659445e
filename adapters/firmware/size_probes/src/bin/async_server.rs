//! `service`, over an async stream.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::{Buffers, Server};
use wirenut_size_probes::service::Hello;
use wirenut_size_probes::stream::{Time, Wire, block_on};
use wirenut_size_probes::{BUFFER, LIMITS, STORE};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut output) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    loop {
        let connection = Server::new(&LIMITS, Buffers { input: &mut input, store: &mut store, output: &mut output });
        black_box(block_on(connection.serve(&mut Wire, &Hello, &Time)).is_err());
    }
}
