//! `server`, driven by a session for a service.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::http::Rule;
use wirenut::http::service::Session;
use wirenut_size_probes::service::{Alone, Hello};
use wirenut_size_probes::{BUFFER, LIMITS, STORE, context, keep, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; STORE], [0; BUFFER]);
    let mut session = Session::<Hello>::new(&context(&LIMITS));
    keep(&session);
    loop {
        let cx = context(&LIMITS);
        let length = receive(&mut input);
        if length == 0 {
            black_box(session.handle_eof(&cx, &Hello).error);
        }
        let driven = session.drive(&cx, &Alone, &Hello, input.get(..length).unwrap_or(&[]), &mut store, &mut out);
        let sent = send(out.get(..driven.written).unwrap_or(&[]));
        session.handle_sent(&cx, sent, driven.written - sent);
        black_box((
            driven.taken,
            driven.error,
            session.disposition(),
            session.is_readable(),
            session.poll_timeout(cx.now),
        ));
        black_box(session.handle_timeout(&cx, &Hello).error);
        black_box(session.handle_lost(&cx, &Hello, Rule::Reset).error);
    }
}
