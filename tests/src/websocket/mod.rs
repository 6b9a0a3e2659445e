//! The laws of WebSocket, for any bytes and any dialogue: what tests and the fuzzer hold both roles to.

mod dialogue;
mod echo;
pub mod oracle;
// The core's own tests read by the same.
#[path = "../../../core/src/websocket/tests/reading.rs"]
mod reading;

use wirenut::time::Instant;
use wirenut::websocket::{
    Client, CloseCode, Compression, Connection, Context, Event, Kind, Limits, Piece, Role, Rule, Server,
};

use crate::every_split::every_split;

pub use dialogue::dialogue;
pub use reading::{Told, read};

/// Bounds that a fuzzer reaches.
pub const LIMITS: Limits = Limits { message_bytes: 300, frame_bytes: 200, ..Limits::DEFAULT };

/// The longest stream that is cut in every place.
const LONGEST: usize = 400;

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

/// What a server's or a client's end makes of a stream: see [`read`].
#[must_use]
pub fn read_as(is_server: bool, pieces: &[&[u8]], room: usize) -> Vec<Told> {
    if is_server {
        read(Connection::new(Server, &context()), &context(), pieces, room)
    } else {
        read(Connection::new(Client(keys()), &context()), &context(), pieces, room)
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
