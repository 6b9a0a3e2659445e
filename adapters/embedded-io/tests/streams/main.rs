//! Connections over streams of all kinds.

extern crate alloc;

mod blocking;
mod client;
mod flaws;
mod server;
mod tokio;
mod watched;
mod world;
