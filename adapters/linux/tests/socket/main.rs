//! Sockets and look-up against real peers: Python's socket module, which has the classic calls as they are, and socat and
//! nc, which people have at hand.

mod child;
mod connecting;
mod examples;
mod lookups;
mod options;
mod peer;
mod queues;
mod tcp;
mod tcp_info;
mod tools;
mod udp;
mod unix;
