//! Pipes between processes.

mod examples;
mod laws;
mod limits;
mod numbered;
mod waits;
