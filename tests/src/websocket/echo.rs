//! What an echo answers to a stream.

use wirenut::transport::{Action, Conversation, Input, Protocol};
use wirenut::websocket::{
    Client, Closed, Connection, Limits, MessageHandler, Next, Outbox, Piece, PieceHandler, Role, Server,
};

use super::{Told, code, context, keys, oracle};

/// Answers each message by the same.
#[derive(Default)]
struct Whole {
    closed: usize,
}

impl MessageHandler for Whole {
    const ROOM: usize = 320;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        outbox.text(text).into()
    }

    fn binary(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.binary(message).into()
    }

    fn closed(&mut self, _: Closed<'_>) {
        self.closed += 1;
    }
}

/// Answers each piece by as much of it as there is room for, and is not ready each third time.
#[derive(Default)]
struct Piecewise {
    calls: usize,
    closed: usize,
}

impl PieceHandler for Piecewise {
    const ROOM: usize = 0;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Next::Wait(0);
        }
        outbox.piece(piece.kind, piece.bytes, piece.is_last).into()
    }

    fn closed(&mut self, _: Closed<'_>) {
        self.closed += 1;
    }
}

/// The answers of echoes with whole messages and with pieces, however the bytes are cut and however small the output is.
pub(super) fn answers(is_server: bool, bytes: &[u8], told: &[Told]) {
    let expected = expected(told);
    for (cut, store, output) in [(usize::MAX, 500, 1_000), (1, 450, 330), (3, 426, 400), (50, 5_000, 5_000)] {
        let sent = if is_server {
            run(Connection::new(Server, &context()), false, bytes, cut, store, output)
        } else {
            run(Connection::new(Client(keys()), &context()), false, bytes, cut, store, output)
        };
        assert_eq!(complete(oracle::read(!is_server, &Limits::DEFAULT, &sent)), expected, "whole messages, cut {cut}");
    }
    for (cut, store, output) in [(usize::MAX, 125, 131), (1, 126, 140), (7, 300, 131), (50, 5_000, 5_000)] {
        let sent = if is_server {
            run(Connection::new(Server, &context()), true, bytes, cut, store, output)
        } else {
            run(Connection::new(Client(keys()), &context()), true, bytes, cut, store, output)
        };
        assert_eq!(complete(oracle::read(!is_server, &Limits::DEFAULT, &sent)), expected, "pieces, cut {cut}");
    }
}

/// What an echo answers.
fn expected(told: &[Told]) -> Vec<Told> {
    let answer = |told: &Told| match told {
        Told::Message(..) => Some(told.clone()),
        Told::Ping(payload) => Some(Told::Pong(payload.clone())),
        Told::Pong(_) | Told::Part(..) => None,
        Told::Close(reason) => Some(Told::Close(reason.as_ref().map(|(code, _)| (*code, String::new())))),
        Told::Failed(rule, _) => Some(Told::Close(code(*rule))),
    };
    told.iter().filter_map(answer).collect()
}

/// Without the messages that were begun and given up.
fn complete(told: Vec<Told>) -> Vec<Told> {
    told.into_iter().filter(|told| !matches!(told, Told::Part(..))).collect()
}

/// Lets an echo run over a stream and its end. Returns what it sent.
fn run<R: Role>(
    mut connection: Connection<R>,
    in_pieces: bool,
    bytes: &[u8],
    cut: usize,
    store: usize,
    output: usize,
) -> Vec<u8> {
    let (mut whole, mut piecewise) = (Whole::default(), Piecewise::default());
    let (mut store, mut output, mut sent) = (vec![0; store], vec![0; output], Vec::new());
    let mut conversation = Conversation::new();
    let mut poll = |connection: &mut Connection<R>, input: Input<'_>, sent: &mut Vec<u8>| {
        let mut step = |protocol: &mut dyn Protocol| {
            // What is not stored is not kept.
            let stored = protocol.stored();
            store[stored..].fill(0xee);
            let (taken, action) = conversation.poll(protocol, input, &mut store, &mut output);
            assert!(taken <= input.bytes.len());
            if let Action::Send(length) = action {
                sent.extend(&output[..length]);
                conversation.handle_sent(protocol, length, 0);
                // Headers of fragments, Pongs, and a Close.
                assert!(sent.len() <= 16 * bytes.len() + 200, "it sends more than it was sent");
            }
            (taken, action)
        };
        if in_pieces {
            step(&mut connection.speak_pieces(&mut piecewise, context()))
        } else {
            step(&mut connection.speak(&mut whole, context()))
        }
    };
    let (mut rest, mut idle) = (bytes, 0);
    let last = loop {
        let offered = &rest[..rest.len().min(cut)];
        let input = Input { bytes: offered, has_ended: offered.len() == rest.len() };
        let (taken, action) = poll(&mut connection, input, &mut sent);
        rest = &rest[taken..];
        match action {
            Action::Wait if rest.is_empty() || idle > 4 => break action,
            Action::Wait if taken == 0 => idle += 1,
            Action::Wait | Action::Send(_) | Action::ShutdownWrite => idle = 0,
            Action::Transfer(_) | Action::Close | Action::Abort | Action::Cut => break action,
        }
    };
    // A piece that was not taken at last waits for another call.
    let last = if last == Action::Wait {
        poll(&mut connection, Input { bytes: b"", has_ended: true }, &mut sent).1
    } else {
        last
    };
    assert_eq!(last, Action::Close, "the peer has ended");
    assert_eq!(whole.closed + piecewise.closed, 1, "it is told once how it ends");
    sent
}
