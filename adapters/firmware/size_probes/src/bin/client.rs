//! `nothing`, and a client's connection.
#![no_std]
#![no_main]

use wirenut::http::ClientConnection;
use wirenut_size_probes::{BUFFER, LIMITS, STORE, client::turn, context, keep};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    let mut connection = ClientConnection::new(&context(&LIMITS));
    keep(&connection);
    loop {
        turn(&mut connection, &context(&LIMITS), &mut input, &mut store, &mut out);
    }
}
