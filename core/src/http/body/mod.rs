//! Bodies on their way, in and out: what delimits them, whoever sends them. Both ends of a connection use these.

mod read;
mod write;

pub(crate) use read::Piece;
pub(crate) use write::{BodyWriter, LAST_CHUNK, OutboundFraming, put_piece};
