//! The states of a TCP connection (RFC 9293, section 3.3.2).

mod connection_state;

pub use connection_state::State;
