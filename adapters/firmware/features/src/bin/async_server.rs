//! `service`, over an async stream.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::Connection;
use wirenut_features::service::Hello;
use wirenut_features::stream::{Time, Wire, block_on};
use wirenut_features::{BUFFER, LIMITS};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let connection = Connection::new(&LIMITS, &mut input, &mut out);
        black_box(block_on(connection.serve(&mut Wire, &Hello, &Time)).is_err());
    }
}
