//! A connection in memory, and what it makes of bytes: whole, and in every cut.

extern crate alloc;
extern crate std;

mod closing;
mod compression;
mod messages;
mod rules;
mod speaking;
mod timing;

use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::time::{Duration, Instant};

const LIMITS: Limits = Limits { message_bytes: 70_000, frame_bytes: 66_000, ..Limits::DEFAULT };

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn at(millis: u64) -> Context<'static> {
    Context { now: Instant::START.saturating_add(Duration::from_millis(millis)), limits: &LIMITS }
}

/// A client whose keys can be foreseen.
type TestClient = Client<fn() -> [u8; 4]>;

fn client() -> Connection<TestClient> {
    Connection::new(Client(|| KEY), &at(0))
}

fn server() -> Connection<Server> {
    Connection::new(Server, &at(0))
}

/// A frame by its first byte, masked or not. Lengths are in their shortest form.
fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = alloc::vec![first];
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..=125 => bytes.push(masked | length as u8),
        length @ 126..=65_535 => {
            bytes.push(masked | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(masked | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let key = mask.unwrap_or_default();
    bytes.extend(mask.iter().flatten());
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// The same from a client.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, Some(KEY), payload)
}

/// What a connection found.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Told {
    Message(Kind, Vec<u8>),
    /// A message that did not end.
    Part(Kind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
    Failed(Rule, u64),
}

/// What a fresh connection makes of these bytes: the same in every cut, if they are few, and byte by byte.
fn told<R: Role + Clone, C: Compression + Clone>(connection: &Connection<R, C>, bytes: &[u8]) -> Vec<Told> {
    let whole = told_cut(connection.clone(), &[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(told_cut(connection.clone(), &single), whole, "byte by byte");
    for cut in 1..bytes.len().min(300) {
        let (one, other) = bytes.split_at(cut);
        assert_eq!(told_cut(connection.clone(), &[one, other]), whole, "cut at {cut}");
    }
    whole
}

fn told_cut<R: Role, C: Compression>(mut connection: Connection<R, C>, pieces: &[&[u8]]) -> Vec<Told> {
    let mut room = [0; 1_000];
    let mut told: Vec<Told> = Vec::new();
    let mut part: Option<(Kind, Vec<u8>)> = None;
    'pieces: for piece in pieces {
        let mut rest = *piece;
        loop {
            let (taken, event) = match connection.receive(&at(0), rest, &mut room) {
                Ok(received) => received,
                Err(error) => {
                    assert_eq!(connection.receive(&at(0), b"", &mut room), Err(error), "an error stays");
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
                    assert!(!bytes.is_empty() || is_last);
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
                    told.push(Told::Close(reason.map(|close| (close.code.get(), close.reason().into()))));
                }
            }
        }
        assert!(rest.is_empty(), "to need more is to have taken all");
    }
    told.extend(part.map(|(kind, bytes)| Told::Part(kind, bytes)));
    told
}

fn text(bytes: &[u8]) -> Told {
    Told::Message(Kind::Text, bytes.to_vec())
}

#[test]
fn a_connection_is_small() {
    assert!(size_of::<Connection<Server>>() <= 144, "{}", size_of::<Connection<Server>>());
}
