//! All that a connection makes of a stream. The laws of the package `wirenut-tests` read by it, too, so nothing here names a crate.
#![allow(unreachable_pub, reason = "the other package shows it to its tests and to the fuzzer")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

use super::{Compression, Connection, Context, Event, Kind, Piece, Role, Rule};

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
    /// A Close. Nothing follows it.
    Close(Option<(u16, String)>),
    /// A rule was broken at this byte. Nothing follows it.
    Failed(Rule, u64),
}

/// What a connection makes of a stream that comes in these pieces, with so much room for payload.
pub fn read<R: Role, C: Compression>(
    mut connection: Connection<R, C>,
    cx: &Context<'_>,
    pieces: &[&[u8]],
    room: usize,
) -> Vec<Told> {
    let (mut room, mut told, mut part) = (alloc::vec![0; room], Vec::new(), None::<(Kind, Vec<u8>)>);
    // What compressed bytes come to counts, too.
    let mut most = 2 * pieces.concat().len() + pieces.len() + 2;
    let mut steps = 0;
    'pieces: for piece in pieces {
        let mut rest = *piece;
        loop {
            steps += 1;
            assert!(steps <= most, "not linear");
            let stored = connection.stored();
            room[stored..].fill(0xee);
            let (taken, event) = match connection.receive(cx, rest, &mut room) {
                Ok(received) => received,
                Err(error) => {
                    assert_eq!(connection.error(), Some(error));
                    assert_eq!(connection.receive(cx, b"more", &mut room), Err(error), "an error stays");
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
                    most += bytes.len().saturating_sub(taken);
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
                    told.push(Told::Close(reason.map(|close| (close.code.get(), close.reason().into()))));
                }
            }
        }
        assert!(rest.is_empty(), "to need more is to have taken all");
    }
    told.extend(part.map(|(kind, bytes)| Told::Part(kind, bytes)));
    told
}
