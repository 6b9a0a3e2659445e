//! `nothing`, and the states of TCP: one connection is taken through all that its caller may tell.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::tcp::state::{Acknowledgement, Call, Connection, Event, Kind, Queues, Segment, Sequence};
use wirenut_size_probes::{keep, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut connection = Connection::new();
    keep(&connection);
    loop {
        let event = event();
        if let Ok(transition) = connection.handle(event) {
            black_box(transition);
        }
        let queues = Queues { has_data: black_box(true), has_room: black_box(true) };
        black_box((connection.recv(queues.has_data), connection.send(queues.has_room), connection.readiness(queues)));
        send(&[]);
    }
}

/// Any: the compiler does not know which.
#[inline(never)]
fn event() -> Event {
    let sequence = black_box(Sequence::InOrder);
    let segment = Segment { kind: black_box(Kind::Fin), sequence, acknowledgement: black_box(Acknowledgement::Fin) };
    black_box(if black_box(true) { Event::Segment(segment) } else { Event::Call(black_box(Call::Close)) })
}
