//! `server`, for a service that asks for fields.
#![no_std]
#![no_main]

use wirenut::http::ServerConnection;
use wirenut_size_probes::{BUFFER, FIELD_LIMITS, context, keep, server::turn};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; FIELD_LIMITS.store_bytes()], [0; BUFFER]);
    let mut connection = ServerConnection::new(&context(&FIELD_LIMITS));
    keep(&connection);
    loop {
        turn(&mut connection, &context(&FIELD_LIMITS), &mut input, &mut store, &mut out);
    }
}
