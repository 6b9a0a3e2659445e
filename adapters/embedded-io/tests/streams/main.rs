//! Connections over streams of all kinds.

extern crate alloc;

mod blocking;
mod blocking_tls;
mod certificate;
mod client;
mod dropped;
mod echo;
mod embassy_net;
mod flaws;
mod listener;
mod messages;
mod server;
mod size;
mod space;
mod tokio;
mod tokio_server;
mod waiting;
mod watched;
mod world;
