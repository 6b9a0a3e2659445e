//! `nothing`, and a server's connection, with content of known length out, and any in.
#![no_std]
#![no_main]

use wirenut::http::ServerConnection;
use wirenut_features::{BUFFER, LIMITS, context, keep, server::turn};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut out) = ([0; BUFFER], [0; BUFFER]);
    let mut connection = ServerConnection::new(&context(&LIMITS));
    keep(&connection);
    loop {
        turn(&mut connection, &context(&LIMITS), &mut input, &mut out);
    }
}
