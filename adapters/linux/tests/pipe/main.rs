//! Pipes between processes.

mod examples;
mod laws;
mod limits;
mod waits;
