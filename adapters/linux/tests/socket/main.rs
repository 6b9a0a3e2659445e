//! Sockets and look-up against real peers: Python's socket module, which has the classic calls as they are.

mod child;
mod examples;
mod lookups;
mod peer;
mod tcp;
mod udp;
mod unix;
