//! TCP as data (RFC 9293): its segments, and a tracker that watches both ends of connections.

pub mod segment;
mod sequence_number;

pub use sequence_number::SequenceNumber;
