//! A connection in memory, and what it makes of bytes: whole, and in every cut.

extern crate alloc;
extern crate std;

mod closing;
mod compression;
mod messages;
mod reading;
mod rules;
mod speaking;
mod timing;

use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::time::{Duration, Instant};
use reading::{Told, read};

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

fn told_cut<R: Role, C: Compression>(connection: Connection<R, C>, pieces: &[&[u8]]) -> Vec<Told> {
    read(connection, &at(0), pieces, 1_000)
}

fn text(bytes: &[u8]) -> Told {
    Told::Message(Kind::Text, bytes.to_vec())
}

#[test]
fn a_connection_is_small() {
    assert!(size_of::<Connection<Server>>() <= 144, "{}", size_of::<Connection<Server>>());
}
