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
//! Invariants: only [`service`] knows HTTP; nothing is opened but through [`root::Root`]; nothing that may wait for a disk is
//! called on the server's thread but through [`pool::Pool`].

pub mod content_type;
pub mod path;
pub mod pool;
pub mod reader;
pub mod reply;
pub mod root;
pub mod service;

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use std::thread;

use crate::arguments::ServeArguments;
use crate::failure::Failure;
use crate::log::LineLog;
use crate::server;
use pool::Pool;
use root::Root;
use service::Files;

/// Threads that wait for disks: more than cores, for they mostly wait.
const DISK_THREADS: usize = 8;

/// Serves the files beneath a directory, until it is told to stop.
///
/// # Errors
///
/// [`Failure::Directory`] where the directory cannot be opened, [`Failure::Listen`] where the address cannot be listened
/// on, and what else ended the server.
pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let root = Root::open(&arguments.directory)
        .map_err(|error| Failure::Directory { path: arguments.directory.clone(), error })?;
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).max(DISK_THREADS);
    let waiting = usize::try_from(server::CONFIG.max_connections).unwrap_or(usize::MAX);
    let system = |what| move |error| Failure::System { what, error };
    let pool = Pool::new(NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN), waiting)
        .map_err(system("start threads for the disk"))?;
    let server = server::listen(&arguments.server.listen)?;
    let log = (!arguments.quiet)
        .then(LineLog::to_standard_output)
        .transpose()
        .map_err(system("start a thread for the log"))?;
    server::run(server, &Files::new(Arc::new(root), pool, log))
}
