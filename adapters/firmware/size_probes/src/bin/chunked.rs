//! `server`, with content of unknown length out, and trailers both ways.
//!
//! This is what an application can leave out. That chunks are read is a part of `server`, and of `client`.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::{Context, Field, Response, ServerConnection, Status};
use wirenut_size_probes::{BUFFER, LIMITS, STORE, context, keep, receive, server::turn};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    let mut connection = ServerConnection::new(&context(&LIMITS));
    keep(&connection);
    loop {
        let cx = context(&LIMITS);
        turn(&mut connection, &cx, &mut input, &mut store, &mut out);
        black_box(stream(&mut connection, &cx, &mut out));
    }
}

fn stream(connection: &mut ServerConnection, cx: &Context<'_>, out: &mut [u8]) -> usize {
    let Ok(head) = connection.respond(cx, &Response::new(Status::OK).with_unknown_length(), out) else { return 0 };
    let rest = out.get_mut(head..).unwrap_or(&mut []);
    let Ok(body) = connection.fill_body(cx, rest, receive) else { return head };
    let trailers = [Field::new("Digest", "0")];
    let rest = out.get_mut(head + body..).unwrap_or(&mut []);
    connection.send_trailers(cx, &trailers, rest).map_or(head + body, |trailers| head + body + trailers)
}
