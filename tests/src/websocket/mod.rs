//! The laws of WebSocket, for any bytes and any dialogue: what tests and the fuzzer hold both roles to.

mod dialogue;
mod echo;
pub mod oracle;

use wirenut::time::Instant;
use wirenut::websocket::{Client, CloseCode, Connection, Context, Event, Kind, Limits, Piece, Role, Rule, Server};

use crate::every_split::every_split;

pub use dialogue::dialogue;

/// Bounds that a fuzzer reaches.
pub const LIMITS: Limits = Limits { message_bytes: 300, frame_bytes: 200, ..Limits::DEFAULT };

/// The longest stream that is cut in every place.
const LONGEST: usize = 400;

/// What a stream comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// A whole message.
    Message(Kind, Vec<u8>),
    /// A message that did not end.
    Part(Kind, Vec<u8>),
    /// A Ping.
    Ping(Vec<u8>),
    /// A Pong.
    Pong(Vec<u8>),
    /// A Close. Nothing is told behind it.
    Close(Option<(u16, String)>),
    /// A rule was broken at this byte. Nothing is told behind it.
    Failed(Rule, u64),
}

/// The time at which all of it happens.
#[must_use]
pub const fn context() -> Context<'static> {
    Context { now: Instant::START, limits: &LIMITS }
}

/// Keys that can be foreseen, and are not the same twice in a row.
pub fn keys() -> impl FnMut() -> [u8; 4] {
    let mut number = 0_u32;
    move || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        number.to_be_bytes()
    }
}

/// What a connection makes of a stream that comes in these pieces, with so much room for payload.
pub fn read<R: Role>(mut connection: Connection<R>, pieces: &[&[u8]], room: usize) -> Vec<Told> {
    let (mut room, mut told, mut part) = (vec![0; room], Vec::new(), None::<(Kind, Vec<u8>)>);
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut steps = 0;
    'pieces: for piece in pieces {
        let mut rest = *piece;
        loop {
            steps += 1;
            assert!(steps <= 2 * length + pieces.len() + 2, "not linear");
            let stored = connection.stored();
            room[stored..].fill(0xee);
            let (taken, event) = match connection.receive(&context(), rest, &mut room) {
                Ok(received) => received,
                Err(error) => {
                    assert_eq!(connection.error(), Some(error));
                    assert_eq!(connection.receive(&context(), b"more", &mut room), Err(error), "an error stays");
                    told.extend(part.take().map(|(kind, bytes)| Told::Part(kind, bytes)));
                    told.push(Told::Failed(error.rule, error.offset));
                    break 'pieces;
                }
            };
            rest = &rest[taken..];
            match event {
                Event::NeedMore | Event::Closed => break,
                Event::Piece(Piece { kind, is_first, is_last, bytes }) => {
                    assert_eq!(is_first, part.is_none());
                    assert!(!bytes.is_empty() || is_last, "an empty piece");
                    let (begun, message) = part.get_or_insert((kind, Vec::new()));
                    assert_eq!(*begun, kind);
                    message.extend(bytes);
                    if is_last {
                        told.extend(part.take().map(|(kind, bytes)| Told::Message(kind, bytes)));
                    }
                }
                Event::Ping(payload) => told.push(Told::Ping(payload.to_vec())),
                Event::Pong(payload) => told.push(Told::Pong(payload.to_vec())),
                Event::Close(reason) => {
                    // What had begun is void.
                    told.extend(part.take().map(|(kind, bytes)| Told::Part(kind, bytes)));
                    told.push(Told::Close(reason.map(|close| (close.code.get(), close.reason().to_owned()))));
                }
            }
        }
        assert!(rest.is_empty(), "to need more is to have taken all");
    }
    told.extend(part.map(|(kind, bytes)| Told::Part(kind, bytes)));
    told
}

/// The same of a server's or a client's end.
#[must_use]
pub fn read_as(is_server: bool, pieces: &[&[u8]], room: usize) -> Vec<Told> {
    if is_server {
        read(Connection::new(Server, &context()), pieces, room)
    } else {
        read(Connection::new(Client(keys()), &context()), pieces, room)
    }
}

/// Any bytes: the same in every cut and for every room, and what the oracle makes of them. What an echo answers follows from
/// that, and is legal.
pub fn stream(is_server: bool, bytes: &[u8]) {
    let expected = oracle::read(is_server, &LIMITS, bytes);
    let told = every_split(bytes, |pieces| read_as(is_server, pieces, 1_000));
    assert_eq!(told, expected, "left: ours, right: the oracle's: {}", bytes.escape_ascii());
    assert_eq!(read_as(is_server, &[bytes], 125), expected, "with little room");
    echo::answers(is_server, bytes, &expected);
}

/// Every law, of both roles.
pub fn laws(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    match choice % 3 {
        0 => stream(true, bytes),
        1 => stream(false, bytes),
        _ => dialogue(bytes),
    }
}

/// Closes with that code.
fn code(rule: Rule) -> Option<(u16, String)> {
    Some((CloseCode::get(rule.close_code()), String::new()))
}
