//! `nothing`, and a server's connection, with content of known length out, and any in.
#![no_std]
#![no_main]

use wirenut::http::ServerConnection;
use wirenut_size_probes::{BUFFER, LIMITS, STORE, context, keep, server::turn};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    let mut connection = ServerConnection::new(&context(&LIMITS));
    keep(&connection);
    loop {
        turn(&mut connection, &context(&LIMITS), &mut input, &mut store, &mut out);
    }
}
