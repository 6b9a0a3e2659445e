//! `service_fn`, which answers each text of a WebSocket: the handshake, the exchange, and the connection.
#![no_std]
#![no_main]

use wirenut::http::service::service_fn;
use wirenut::websocket::{self, MessageHandler, Next, Outbox};
use wirenut_size_probes::service::run;

struct Echo;

impl MessageHandler for Echo {
    const ROOM: usize = 128;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run(&service_fn(|request, responder| websocket::upgrade(request, responder, Echo)))
}
