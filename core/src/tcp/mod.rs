//! TCP as data (RFC 9293): nothing here sends or receives, it says what a connection does.

pub mod segment;
mod sequence_number;
pub mod state;
pub mod tracker;

pub use sequence_number::SequenceNumber;
