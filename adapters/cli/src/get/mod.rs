//! `wirenut get`: what URLs lead to, into files or to standard output, with the options and exit statuses of curl.
//!
//! | module | what lives there |
//! |---|---|
//! | [`options`] | the command line; [`data`], [`form`] and [`header`] are options with a syntax of their own |
//! | [`failure`] | what went wrong, and its exit status |
//! | `url` | URLs as people type them |
//! | `client`, `request` | from the command line to a client and its requests |
//! | `transfer` | one URL: tries, until what came is whole |
//! | `attempt` | one try: a request and its answer |
//! | `receiver`, `coding` | what content goes through: bounds and decompression |
//! | `output`, `partial` | streams and files; a file that is not whole yet, and of which version it is |
//! | `heads` | the heads that are shown and written |
//! | `retry` | which failures may pass, and when to try again |
//! | `interrupt`, `password`, `progress` | signals, and the terminal |

mod attempt;
mod client;
mod coding;
pub mod data;
pub mod failure;
pub mod form;
pub mod header;
mod heads;
mod interrupt;
pub mod options;
mod output;
mod partial;
mod password;
mod progress;
mod receiver;
mod request;
mod retry;
mod transfer;
mod url;

use core::cell::RefCell;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::rand::{GetRandomFlags, getrandom};

use crate::failure::Failure;
use failure::GetFailure;
use heads::Heads;
use interrupt::Interrupt;
use options::GetArguments;
use output::{Output, standard_descriptor};
use request::Prepared;
use transfer::Session;

/// Gets all URLs, one after the other, also after one has failed. Each failure is shown as it happens.
///
/// # Errors
/// [`Failure::Ended`] with the exit status of the first failure. A signal ends the process.
pub fn get(arguments: &GetArguments) -> Result<(), Failure> {
    let interrupt = Interrupt::new().map_err(|failure| report(arguments, &failure))?;
    let outcome = get_all(arguments, &interrupt);
    interrupt.end();
    match outcome {
        Ok(None) | Err(GetFailure::Quiet) => Ok(()),
        Ok(Some(failed)) => Err(failed),
        Err(failure) => Err(report(arguments, &failure)),
    }
}

/// The first failure of a URL; or why none was got.
fn get_all(arguments: &GetArguments, interrupt: &Interrupt) -> Result<Option<Failure>, GetFailure> {
    let (client, proxies) = client::client(arguments)?;
    let prepared = Prepared::new(arguments, interrupt)?;
    let options = &arguments.output;
    let is_kept = options.include || arguments.request.head || options.dump_header.is_some();
    let heads = Heads::new(options.verbose, is_kept);
    let dump = options.dump_header.as_deref().map(dump).transpose()?.map(RefCell::new);
    let session = Session { arguments, client, proxies, prepared, interrupt, heads, dump };
    let mut first = None;
    for (number, url) in arguments.urls.iter().enumerate() {
        match session.get(url, options.target(number)) {
            Ok(()) => {}
            Err(GetFailure::Quiet) => return Err(GetFailure::Quiet),
            Err(failure) => {
                let failed = report(arguments, &failure);
                first = first.or(Some(failed));
            }
        }
    }
    Ok(first)
}

/// Where `--dump-header` writes.
fn dump(path: &Path) -> Result<Output, GetFailure> {
    if path.as_os_str() == "-" {
        return Output::standard();
    }
    let opened = standard_descriptor(path).map(|found| found.map(File::from));
    match opened.unwrap_or_else(|| File::create(path)) {
        Ok(file) => Ok(Output::Stream { path: path.to_owned(), file, is_begun: false }),
        Err(error) => Err(GetFailure::Output { path: path.to_owned(), error }),
    }
}

/// Shows a failure, if that is wanted.
fn report(arguments: &GetArguments, failure: &GetFailure) -> Failure {
    if arguments.output.shows_errors() {
        say(&failure.to_string());
    }
    Failure::Ended(failure.status())
}

/// Shows a line on standard error.
fn say(line: &str) {
    // Not `eprintln!`, which panics where standard error is closed.
    let _ = writeln!(io::stderr(), "wirenut: {line}");
}

/// Seconds since 1970.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Bytes that nobody can foresee.
///
/// # Panics
/// If the system has no random numbers: no kernel that this program runs on lacks them.
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    // So few are given at once.
    let count = getrandom(&mut bytes, GetRandomFlags::empty());
    assert_eq!(count, Ok(bytes.len()), "getrandom(2)");
    bytes
}
