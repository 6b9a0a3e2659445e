//! The loop of a connection, held to its order by a protocol that knows no HTTP: over TCP and over Unix sockets.

mod echo;
mod endings;
mod lines;
mod messages;
mod serve;
mod slow;
mod transports;
