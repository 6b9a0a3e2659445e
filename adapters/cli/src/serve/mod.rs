//! `wirenut serve`: the files beneath one directory.
//!
//! What becomes of one request, in the order of the modules:
//!
//! ```text
//! target ──▶ path::RelativePath ──▶ root::Root ──▶ root::Entry::File ──▶ reader::FileReader ──▶ the connection's buffer
//!             decoded, no `..`      look_up_cached      │                     │      ▲
//!                                   or, by the pool,    │ content_type::of    └ pool ┘ only for what is not in memory
//!                                   look_up             ▼
//! ```
//!
//! Invariants: no module here knows HTTP; nothing is opened but through [`root::Root`]; nothing that may wait for a disk is
//! called on the server's thread but through [`pool::Pool`].

pub mod content_type;
pub mod path;
pub mod pool;
pub mod reader;
pub mod reply;
pub mod root;
pub mod service;

use crate::arguments::ServeArguments;
use crate::failure::Failure;
use root::Root;

/// Serves the files beneath a directory.
///
/// # Errors
///
/// [`Failure::Directory`] where the directory cannot be opened; [`Failure::NoServer`] as long as no server is behind it.
pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let _root = Root::open(&arguments.directory)
        .map_err(|error| Failure::Directory { path: arguments.directory.clone(), error })?;
    Err(Failure::NoServer)
}
