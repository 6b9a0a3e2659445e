//! TCP as data (RFC 9293): nothing here sends or receives, it says what a connection does.

pub mod state;
