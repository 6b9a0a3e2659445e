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
//! With `--auth`, who asks is known before anything is looked up ([`auth`]); with `--upload`, content is taken in
//! ([`upload`]); with `--compress`, texts are compressed before they are sent ([`compression`]).
//!
//! What is no file is written here, as bytes made of data: a [`listing`] of entries, and an `error_page` of a status, both in
//! the frame that `html` puts around them.
//!
//! Invariants: only [`service`], its [`exchange`], [`selection`], `negotiation`, [`auth`], [`upload`] and `access`, which watches
//! for the log, know HTTP; nothing is opened but through [`directory::Directory`]; nothing that may
//! wait for a disk is called on a server's thread but through a [`Pool`], except for
//! [what seems to be in memory](reader::FileReader::transfer) and is not.

mod access;
pub mod auth;
pub mod body;
pub mod compression;
pub mod content_type;
pub mod directory;
pub mod entry;
mod error_page;
pub mod exchange;
pub mod find;
mod html;
pub mod listing;
mod negotiation;
mod network;
mod options;
pub mod path;
mod plan;
pub mod policy;
pub mod reader;
pub mod root;
pub mod selection;
pub mod service;
pub(crate) mod sha256;
pub mod summaries;
pub mod upload;
#[cfg(test)]
mod waiting;

use alloc::sync::Arc;
use core::num::{NonZeroU32, NonZeroUsize};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::thread;

use wirenut::http::service::Observed;
use wirenut_linux::signal::{self, Signal};
use wirenut_server::blocking::{Bounds, Pool};

pub use self::options::{FileOptions, LogOptions, ServeArguments};

use crate::failure::Failure;
use crate::log::{AccessLog, Lines, LogFile, Name, Out};
use crate::server::{self, Listening, ModelName};
use compression::Compressor;
use entry::Entry;
use find::{Blocking, Finder};
use path::RelativePath;
use policy::Policy;
use root::Root;
use service::Files;

/// Threads that wait for disks: more than cores, for they mostly wait.
const DISK_THREADS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// How many requests wait for disks at most, where the number of connections is not said.
const MAX_WAITING: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// Serves the files beneath a directory, until it is told to stop.
///
/// # Errors
///
/// [`Failure::Directory`] where the directory cannot be opened, [`Failure::Page`] where a page in place of others is no file
/// in it, [`Failure::Network`] where the address cannot be listened
/// on, and what else ended the server.
pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let listening = server::listen(&arguments.places.listen, arguments.places.socket_mode, &arguments.server)?;
    let out = log_output(&arguments.log)?;
    server::give_up_privileges(&arguments.server.life)?;
    warn(arguments, &listening);
    let service = Observed { service: files(arguments)?, observer: access_log(out, arguments)? };
    server::run(listening, &service, service.observer.as_ref().map(|log| &log.lines))
}

/// The service, without a log.
fn files(arguments: &ServeArguments) -> Result<Files, Failure> {
    let failed = |error| Failure::Directory { path: arguments.directory.clone(), error };
    let mut root = Root::open(&arguments.directory).map_err(failed)?;
    if arguments.files.no_symlinks {
        root = root.without_symbolic_links().map_err(failed)?;
    }
    let policy = Policy {
        takes_uploads: arguments.uploads.upload,
        is_private: arguments.auth.is_on(),
        ..arguments.files.policy()
    };
    let finder = Finder::new(root, policy);
    check_page("--spa", finder.policy.fallback.as_ref(), &finder.root, &arguments.directory)?;
    check_page("--error-page", finder.policy.error_page.as_ref(), &finder.root, &arguments.directory)?;
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).max(DISK_THREADS);
    // Each connection may wait for one.
    let waiting = arguments.server.model.max_connections.unwrap_or(MAX_WAITING).try_into().unwrap_or(NonZeroUsize::MAX);
    let pool = Pool::new(Bounds { threads, waiting: waiting.get(), ..Bounds::DEFAULT });
    let mut files = Files::new(Arc::new(finder), pool);
    if let Some(gate) = arguments.auth.gate().map_err(Failure::Users)? {
        files = files.with_gate(gate);
    }
    if arguments.files.compress {
        files = files.with_compressor(Compressor::new());
    }
    if arguments.uploads.upload {
        // A limit of the process is an error of the write, and not its end.
        signal::ignore(Signal::SIGXFSZ)?;
        files = files.with_uploads(arguments.uploads.upload_limit);
    }
    Ok(files)
}

/// Says what is allowed, and rarely meant.
fn warn(arguments: &ServeArguments, listening: &Listening) {
    let has_users = arguments.auth.is_on();
    let is_reachable = listening.is_reachable();
    let policy = arguments.files.policy();
    for (holds, text) in [
        (
            has_users && is_reachable && !listening.is_secure(),
            "passwords are sent in plain text, and other machines can connect: use --tls-cert and --tls-key",
        ),
        (
            has_users && is_reachable && arguments.server.model.name() == ModelName::Forking,
            "--model forking checks each password in a process of its own, so guesses are not slowed down: use another model",
        ),
        (
            arguments.uploads.upload && !has_users && is_reachable,
            "whoever can reach this machine may write files: use --auth, or --listen 127.0.0.1:8080",
        ),
        (
            has_users && policy.is_shared(),
            "--cache lets shared caches give files to others, without a password: leave out public, s-maxage and must-revalidate",
        ),
    ] {
        if holds {
            let _ = writeln!(io::stderr(), "wirenut: warning: {text}");
        }
    }
    for (path, risk) in [
        (&arguments.auth.auth_file, "users can read the hashes of all passwords, and with --upload replace them"),
        (&arguments.server.tls.tls_key, "clients can read the private key"),
    ] {
        if let Some(path) = path.as_ref().filter(|path| is_served(path, &arguments.directory, &policy)) {
            let _ = writeln!(
                io::stderr(),
                "wirenut: warning: '{}' is in the directory that is served: {risk}; move it out of there",
                Name::of(path)
            );
        }
    }
}

/// Whether clients can ask for a file.
fn is_served(file: &Path, directory: &Path, policy: &Policy) -> bool {
    let (Ok(file), Ok(directory)) = (file.canonicalize(), directory.canonicalize()) else { return false };
    let path = file.strip_prefix(directory).ok().map(|path| RelativePath::plain(path.as_os_str().as_bytes()));
    path.is_some_and(|path| path.is_ok_and(|path| policy.shows_hidden || !path.is_hidden()))
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

/// Where the lines of requests go, if there are any.
fn log_output(options: &LogOptions) -> Result<Option<Out>, Failure> {
    match &options.log_file {
        _ if options.quiet => Ok(None),
        None => Ok(Some(Out::Standard)),
        Some(path) => {
            let file = LogFile::open(path).map_err(|error| Failure::LogFile { path: path.clone(), error })?;
            Ok(Some(Out::File(file)))
        }
    }
}

fn access_log(out: Option<Out>, arguments: &ServeArguments) -> Result<Option<AccessLog>, Failure> {
    let lines = if arguments.server.model.name().forks() { Lines::of_processes } else { Lines::new };
    let lines = out.map(lines).transpose();
    let lines = lines.map_err(|error| Failure::System { what: "begin the log", error })?;
    Ok(lines.map(|lines| AccessLog { lines, format: arguments.log.log_format }))
}
