//! Pipes between processes.

mod laws;
mod limits;
mod waits;
