//! `service`, over a stream that blocks.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut_embedded_io::Connection;
use wirenut_features::service::Hello;
use wirenut_features::stream::{Time, Wire};
use wirenut_features::{BUFFER, LIMITS};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let connection = Connection::new(&LIMITS, &mut input, &mut out);
        let served = connection.serve_blocking(&mut Wire, &Hello, &Time, |_, wanted| {
            black_box(wanted);
        });
        black_box(served.is_err());
    }
}
