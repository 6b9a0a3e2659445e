//! A connection with its handler in the loop.

use super::*;
use crate::readiness::Standing;
use crate::transport::{Action, Conversation, Disposition, Input, Protocol};
use alloc::format;
use alloc::vec;

/// Answers each message by the same, and notes what it hears.
#[derive(Default)]
struct Echo {
    log: Vec<String>,
    /// So many times it is not ready.
    waits: usize,
}

impl MessageHandler for Echo {
    const ROOM: usize = 100;

    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        self.log.push(text.into());
        if self.waits > 0 {
            self.waits -= 1;
            return Next::Wait(0);
        }
        match text {
            "end" => Next::Close(CloseCode::NORMAL),
            "why" => outbox.close(CloseCode::GOING_AWAY, "because").into(),
            text => outbox.text(text).into(),
        }
    }

    fn pong(&mut self, payload: &[u8]) {
        self.log.push(format!("pong {}", payload.escape_ascii()));
    }

    fn closed(&mut self, how: Closed<'_>) {
        self.log.push(match how {
            Closed::Clean(None) => "closed".into(),
            Closed::Clean(Some(reason)) => format!("closed: {reason}"),
            Closed::Failed(error) => format!("failed: {error}"),
            Closed::Abnormal(how) => format!("{how:?}"),
        });
    }
}

/// Drives it with these bytes until it waits or ends. Returns all that it sent, and the last action.
fn drive<H: MessageHandler>(
    connection: &mut Connection<Server>,
    conversation: &mut Conversation,
    handler: &mut H,
    bytes: &[u8],
    has_ended: bool,
) -> (Vec<u8>, Action) {
    let (mut store, mut output, mut rest, mut sent) = ([0; 400], [0; 150], bytes, Vec::new());
    loop {
        let mut protocol = connection.speak(handler, at(0));
        let input = Input { bytes: rest, has_ended };
        let (taken, action) = conversation.poll(&mut protocol, input, &mut store, &mut output);
        rest = &rest[taken..];
        match action {
            Action::Send(length) => {
                conversation.handle_sent(&mut protocol, length, 0);
                sent.extend(&output[..length]);
                assert!(sent.len() < 10_000, "it does not end");
            }
            Action::ShutdownWrite => sent.extend(b"|"),
            Action::Transfer(_) | Action::Wait | Action::Close | Action::Abort | Action::Cut => return (sent, action),
        }
    }
}

#[test]
fn messages_are_answered_in_their_order_and_pings_at_once() {
    let (mut connection, mut conversation, mut echo) = (server(), Conversation::new(), Echo::default());
    let bytes = [masked(0x01, b"on"), masked(0x89, b"?"), masked(0x80, b"e"), masked(0x8a, b"!"), masked(0x81, b"two")]
        .concat();
    let (sent, action) = drive(&mut connection, &mut conversation, &mut echo, &bytes, false);
    assert_eq!((&sent[..], action), (&b"\x8a\x01?\x81\x03one\x81\x03two"[..], Action::Wait));
    assert_eq!(echo.log, ["one", "pong !", "two"]);
    assert_eq!(connection.speak(&mut echo, at(0)).standing(), Standing::Idle);
    // A binary message is not wanted.
    let (sent, _) = drive(&mut connection, &mut conversation, &mut echo, &masked(0x82, b"x"), false);
    assert_eq!(sent, b"\x88\x02\x03\xeb");
}

#[test]
fn a_handler_closes_and_what_comes_behind_is_thrown_away() {
    for (text, close) in [(&b"end"[..], &b"\x88\x02\x03\xe8"[..]), (b"why", b"\x88\x09\x03\xe9because")] {
        let (mut connection, mut conversation, mut echo) = (server(), Conversation::new(), Echo::default());
        let bytes = [masked(0x81, text), masked(0x81, b"more"), masked(0x89, b"")].concat();
        let (sent, action) = drive(&mut connection, &mut conversation, &mut echo, &bytes, false);
        assert_eq!((&sent[..], action), (close, Action::Wait));
        let bytes = [masked(0x81, b"late"), masked(0x88, &[3, 232]), b"garbage".to_vec()].concat();
        let (sent, action) = drive(&mut connection, &mut conversation, &mut echo, &bytes, false);
        assert_eq!((&sent[..], action), (&b"|"[..], Action::Wait));
        assert_eq!(drive(&mut connection, &mut conversation, &mut echo, b"", true), (vec![], Action::Close));
        assert_eq!(echo.log[1..], ["closed: 1000"]);
    }
}

#[test]
fn a_message_as_long_as_the_store_allows_is_kept_in_pieces() {
    struct Length(usize);
    impl MessageHandler for Length {
        const ROOM: usize = 10;
        fn binary(&mut self, message: &[u8], _: &mut Outbox<'_>) -> Next {
            assert!(message.iter().all(|byte| *byte == 7));
            self.0 = message.len();
            Next::More
        }
    }
    // 400 without 126.
    for (length, is_kept) in [(274, true), (275, false)] {
        let (mut connection, mut conversation, mut handler) = (server(), Conversation::new(), Length(0));
        let payload = vec![7; length];
        let (one, other) = payload.split_at(200);
        let bytes = [masked(0x02, one), masked(0x89, &[1; 125]), masked(0x80, other)].concat();
        let mut store = [0; 400];
        for byte in bytes.chunks(1) {
            let mut protocol = connection.speak(&mut handler, at(0));
            // What is not stored is not kept.
            let stored = protocol.stored();
            store[stored..].fill(0xee);
            let mut output = [0; 150];
            let mut rest = byte;
            while let (taken, Action::Send(_)) =
                conversation.poll(&mut protocol, Input { bytes: rest, has_ended: false }, &mut store, &mut output)
            {
                rest = &rest[taken..];
            }
        }
        assert_eq!(handler.0, if is_kept { length } else { 0 });
        assert_eq!(connection.error().map(|error| error.rule), (!is_kept).then_some(Rule::MessageTooLong));
    }
}

#[test]
fn a_message_that_is_not_taken_comes_again_before_anything_else() {
    let (mut connection, mut conversation, mut echo) = (server(), Conversation::new(), Echo { log: vec![], waits: 3 });
    let bytes = [masked(0x81, b"one"), masked(0x81, b"two"), masked(0x88, b"")].concat();
    let (mut store, mut output) = ([0; 400], [0; 150]);
    // The peer ends its stream at once, and is heard to the end.
    let mut input = Input { bytes: &bytes, has_ended: true };
    let mut sent: Vec<u8> = Vec::new();
    let mut waits = 0;
    loop {
        let mut protocol = connection.speak(&mut echo, at(0));
        let (taken, action) = conversation.poll(&mut protocol, input, &mut store, &mut output);
        input.bytes = &input.bytes[taken..];
        match action {
            Action::Send(length) => sent.extend(&output[..length]),
            Action::Wait => {
                assert!(!protocol.is_readable() && input.bytes.len() == 15);
                assert_eq!((protocol.standing(), protocol.disposition()), (Standing::Busy, Disposition::Open));
                waits += 1;
            }
            Action::ShutdownWrite => {}
            Action::Close => break,
            Action::Transfer(_) | Action::Abort | Action::Cut => panic!("{action:?}"),
        }
        assert!(waits < 10);
    }
    assert!(waits > 0);
    assert_eq!(sent, b"\x81\x03one\x81\x03two\x88\x00");
    assert_eq!(echo.log, ["one", "one", "one", "one", "two", "closed"]);
}

#[test]
fn a_retired_connection_says_that_it_goes_away() {
    let (mut connection, mut conversation, mut echo) = (server(), Conversation::new(), Echo::default());
    connection.speak(&mut echo, at(0)).retire();
    let (sent, action) = drive(&mut connection, &mut conversation, &mut echo, b"", false);
    assert_eq!((&sent[..], action), (&b"\x88\x02\x03\xe9"[..], Action::Wait));
    let (sent, action) = drive(&mut connection, &mut conversation, &mut echo, &masked(0x88, &[3, 233]), true);
    assert_eq!((&sent[..], action, &echo.log[..]), (&b""[..], Action::Close, &["closed: 1001".into()][..]));
}

#[test]
fn who_gives_way_says_so_and_ends() {
    let (mut connection, mut conversation, mut echo) = (server(), Conversation::new(), Echo::default());
    let mut protocol = connection.speak(&mut echo, at(0));
    assert!(!protocol.give_way(true));
    assert!(protocol.give_way(false));
    let (sent, action) = drive(&mut connection, &mut conversation, &mut echo, b"", false);
    assert_eq!((&sent[..], action, conversation.is_shut()), (&b"\x88\x02\x03\xe9|"[..], Action::Wait, true));
    assert_eq!(echo.log, ["Evicted"]);
}

#[test]
fn each_end_is_told_once() {
    let cases: [(&[u8], &str, Action); 4] = [
        (&masked(0x81, b"x")[..4], "EndOfStream", Action::Close),
        (b"", "EndOfStream", Action::Close),
        (&masked(0x81, b"\xff"), "failed: text is not UTF-8 at byte 6 (RFC 6455 8.1)", Action::Close),
        (&masked(0x88, b""), "closed", Action::Close),
    ];
    for (bytes, told, last) in cases {
        let (mut connection, mut conversation, mut echo) = (server(), Conversation::new(), Echo::default());
        let (_, action) = drive(&mut connection, &mut conversation, &mut echo, bytes, true);
        connection.speak(&mut echo, at(0)).handle_reset();
        assert_eq!((&echo.log[..], action), (&[String::from(told)][..], last));
    }
}

/// Sends a message that is longer than the output, without being asked.
struct Push {
    left: usize,
}

impl MessageHandler for Push {
    const ROOM: usize = 20;
    const PUSHES: bool = true;

    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let piece = [b'x'; 50];
        while self.left > 0 {
            let piece = &piece[..self.left.min(50)];
            match outbox.piece(Kind::Text, piece, piece.len() == self.left) {
                Ok(sent) => self.left -= sent.taken,
                Err(SendError::NoRoom) => return Next::More,
                Err(error) => panic!("{error}"),
            }
        }
        Next::Close(CloseCode::NORMAL)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Some(Instant::from_micros(7))
    }
}

#[test]
fn a_handler_sends_without_being_asked() {
    let (mut connection, mut conversation, mut push) = (server(), Conversation::new(), Push { left: 1_000 });
    assert_eq!(connection.speak(&mut push, at(0)).poll_timeout(), Some(Instant::from_micros(7)));
    let (sent, action) = drive(&mut connection, &mut conversation, &mut push, b"", false);
    assert_eq!(action, Action::Wait);
    assert_eq!(told_cut(client(), &[&sent]), [text(&[b'x'; 1_000]), Told::Close(Some((1000, String::new())))]);
}

/// Sends back pieces, as far as a slow output takes them.
#[derive(Default)]
struct Pipe {
    begun: usize,
}

impl PieceHandler for Pipe {
    const ROOM: usize = 0;
    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        let sent = outbox.piece(piece.kind, piece.bytes, piece.is_last);
        // The rest of a piece is not its beginning.
        self.begun += usize::from(piece.is_first && sent.is_ok_and(|sent| sent.taken > 0));
        sent.into()
    }
}

#[test]
fn pieces_that_are_not_taken_come_again() {
    let payload: Vec<u8> = (0..2_000_u32).map(|at| b'a' + (at % 26) as u8).collect();
    let (one, other) = payload.split_at(700);
    let stream = [masked(0x01, one), masked(0x89, b"?"), masked(0x80, other), masked(0x88, b"")].concat();
    for size in [1, 2, 7, 100, 5_000] {
        let (mut connection, mut conversation, mut pipe) = (server(), Conversation::new(), Pipe::default());
        let mut polls = 0;
        let (mut store, mut output, mut sent) = ([0; 200], [0; 140], Vec::new());
        for mut bytes in stream.chunks(size) {
            loop {
                polls += 1;
                assert!(polls < 3 * stream.len(), "it does not go on");
                let mut protocol = connection.speak_pieces(&mut pipe, at(0));
                let stored = protocol.stored();
                store[stored..].fill(0xee);
                let input = Input { bytes, has_ended: false };
                let (taken, action) = conversation.poll(&mut protocol, input, &mut store, &mut output);
                bytes = &bytes[taken..];
                if let Action::Send(length) = action {
                    sent.extend(&output[..length]);
                } else if bytes.is_empty() {
                    break;
                }
            }
        }
        assert_eq!(pipe.begun, 1);
        let mut told = told_cut(client(), &[&sent]);
        told.retain(|told| *told != Told::Pong(b"?".to_vec()));
        assert_eq!(told, [text(&payload), Told::Close(None)], "in pieces of {size}");
    }
}
