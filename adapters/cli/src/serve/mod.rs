//! `wirenut serve`: the files beneath one directory.
//!
//! What becomes of one request, in the order of the modules:
//!
//! ```text
//! target ──▶ path::RelativePath ──▶ find::Finder ──▶ Found ──▶ selection ──▶ body::Body ──▶ the connection's buffer
//!             decoded, no `..`       │  policy         │  conditions, ranges    │      ▲
//!                                    ▼                 │ content_type::of       └ pool ┘ only for what is not in memory
//!                                   root::Root: directory::Directory, at once or by the pool
//! ```
//!
//! What is no file is written here, as bytes made of data: a [`listing`] of entries, and an `error_page` of a status, both in
//! the frame that `html` puts around them.
//!
//! Invariants: only [`service`], its [`exchange`], [`selection`], `negotiation` and `access`, which watches for the log, know HTTP; nothing is opened but through [`directory::Directory`]; nothing that may
//! wait for a disk is called on a server's thread but through a [`Pool`], except for
//! [what seems to be in memory](reader::FileReader::transfer) and is not.

mod access;
pub mod body;
pub mod content_type;
pub mod directory;
pub mod entry;
mod error_page;
pub mod exchange;
pub mod find;
mod html;
pub mod listing;
mod negotiation;
pub mod path;
mod plan;
pub mod policy;
pub mod reader;
pub mod root;
pub mod selection;
pub mod service;
mod sha256;
pub mod summaries;
#[cfg(test)]
mod waiting;

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use wirenut::http::service::Observed;
use wirenut_linux::signal;
use wirenut_server::Model;
use wirenut_server::blocking::{Bounds, Pool};

use crate::arguments::ServeArguments;
use crate::failure::Failure;
use crate::log::{AccessLog, LineLog, LogFile};
use crate::server;
use entry::Entry;
use find::{Blocking, Finder};
use path::RelativePath;
use root::Root;
use service::Files;

/// Threads that wait for disks: more than cores, for they mostly wait.
const DISK_THREADS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Serves the files beneath a directory, until it is told to stop.
///
/// # Errors
///
/// [`Failure::Directory`] where the directory cannot be opened, [`Failure::Page`] where a page in place of others is no file
/// in it, [`Failure::Network`] where the address cannot be listened
/// on, and what else ended the server.
pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let failed = |error| Failure::Directory { path: arguments.directory.clone(), error };
    let mut root = Root::open(&arguments.directory).map_err(failed)?;
    if arguments.no_symlinks {
        root = root.without_symbolic_links().map_err(failed)?;
    }
    let finder = Finder::new(root, arguments.policy());
    check_page("--spa", finder.policy.fallback.as_ref(), &finder.root, &arguments.directory)?;
    check_page("--error-page", finder.policy.error_page.as_ref(), &finder.root, &arguments.directory)?;
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = arguments.workers.unwrap_or(cores);
    let threads = cores.max(DISK_THREADS);
    let waiting = usize::try_from(server::CONFIG.max_connections).unwrap_or(usize::MAX);
    let pool = Pool::new(Bounds { threads, waiting, ..Bounds::DEFAULT });
    let servers = server::listen(&arguments.server.listen, Model::Multiplexed { workers })?;
    let log = access_log(arguments)?;
    server::run(servers, &Observed { service: Files::new(Arc::new(finder), pool), observer: log })
}

/// A page that is to stand for what is not found must be a file itself, when the server starts.
fn check_page(option: &'static str, page: Option<&RelativePath>, root: &Root, path: &Path) -> Result<(), Failure> {
    let (Some(page), Some(directory)) = (page, root.directory(Blocking::Allowed)) else { return Ok(()) };
    let reason = match directory.and_then(|directory| directory.look_up(page)) {
        Ok(Entry::File(_)) => return Ok(()),
        Ok(Entry::Directory) => "a directory".into(),
        Err(error) => error.to_string(),
    };
    Err(Failure::Page { option, page: page.clone(), directory: path.into(), reason })
}

fn access_log(arguments: &ServeArguments) -> Result<Option<AccessLog>, Failure> {
    if arguments.quiet {
        return Ok(None);
    }
    let lines = match &arguments.log_file {
        None => LineLog::to_standard_output(),
        Some(path) => {
            let file = LogFile::open(path).map_err(|error| Failure::LogFile { path: path.clone(), error })?;
            reopen_on_hangups(file.clone())?;
            LineLog::new(file)
        }
    };
    let lines = lines.map_err(|error| Failure::System { what: "start a thread for the log", error })?;
    Ok(Some(AccessLog { lines, format: arguments.log_format }))
}

/// SIGHUP is how those who rotate logs tell a daemon that its file was moved away: from now on, it does not end us.
fn reopen_on_hangups(file: LogFile) -> Result<(), Failure> {
    let hangups = signal::hangups()?;
    let reopen = move || {
        while hangups.wait().is_ok() {
            if let Err(error) = file.reopen() {
                log::warn!("{}", Failure::LogFile { path: file.path().into(), error });
            }
        }
    };
    let started = thread::Builder::new().name("wirenut hangups".into()).spawn(reopen);
    started.map(drop).map_err(|error| Failure::System { what: "start a thread for signals", error })
}
