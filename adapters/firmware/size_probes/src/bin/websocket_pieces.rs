//! `nothing`, and the client's end of a WebSocket behind its handshake, which answers messages piece by piece.
#![no_std]
#![no_main]

use core::hint::black_box;

use wirenut::websocket::{Client, Connection, Context, Limits, Next, Outbox, Piece, PieceHandler};
use wirenut_size_probes::protocol::turn;
use wirenut_size_probes::{BUFFER, keep, now};

struct Echo;

impl PieceHandler for Echo {
    const ROOM: usize = 14;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }
}

fn context() -> Context<'static> {
    Context { now: now(), limits: black_box(&Limits::DEFAULT) }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut input, mut store, mut out) = ([0; BUFFER], [0; BUFFER], [0; BUFFER]);
    let mut connection = Connection::new(Client(|| black_box([0; 4])), &context());
    keep(&connection);
    loop {
        turn(&mut connection.speak_pieces(&mut Echo, context()), &mut input, &mut store, &mut out);
    }
}
