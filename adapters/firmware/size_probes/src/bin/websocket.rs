//! `nothing`, and the server's end of a WebSocket behind its handshake, which answers each text.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::websocket::{Connection, Context, Limits, MessageHandler, Next, Outbox, Server};
use wirenut_size_probes::protocol::turn;
use wirenut_size_probes::{BUFFER, keep, now};

struct Echo;

impl MessageHandler for Echo {
    const ROOM: usize = 128;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }
}

fn context() -> Context<'static> {
    Context { now: now(), limits: black_box(&Limits::DEFAULT) }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; BUFFER], [0; BUFFER]);
    let mut connection = Connection::new(Server, &context());
    keep(&connection);
    loop {
        turn(&mut connection.speak(&mut Echo, context()), &mut input, &mut store, &mut out);
    }
}
