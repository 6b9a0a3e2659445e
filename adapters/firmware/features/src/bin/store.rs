//! `server`, for heads that are larger than the buffer.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::ServerConnection;
use wirenut_features::{BUFFER, STORE_LIMITS, context, keep, server::turn};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut out) = ([0; BUFFER], [0; BUFFER]);
    let mut connection = ServerConnection::new(&context(&STORE_LIMITS));
    keep(&connection);
    loop {
        let cx = context(&STORE_LIMITS);
        let taken = turn(&mut connection, &cx, &mut input, &mut out);
        if connection.is_readable() {
            let kept = connection.compact(&cx, input.get_mut(taken..).unwrap_or(&mut []));
            black_box(kept.is_err());
        }
    }
}
