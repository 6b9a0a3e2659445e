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
//! | `name`, `patience` | names of files that others choose; streams that nobody reads or writes |
//! | `measured`, `write_out` | what is measured of a transfer, and what `--write-out` says of it |
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
mod measured;
mod name;
pub mod options;
mod output;
mod partial;
mod password;
mod patience;
mod progress;
mod receiver;
mod request;
mod retry;
mod transfer;
mod url;
mod write_out;

use core::cell::RefCell;
use std::io::{self, Write as _};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::rand::{GetRandomFlags, getrandom};

use crate::failure::Failure;
use crate::log::Name;
use failure::GetFailure;
use heads::Heads;
use interrupt::Interrupt;
use measured::Measure;
use options::{GetArguments, Target};
use output::{Output, is_of_standard_output};
use patience::Patience;
use request::Prepared;
use transfer::Session;
use write_out::{Format, Transferred};

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
    let begin = || {
        let deadline = arguments.limits.max_time.map(|limit| Instant::now() + limit);
        Patience { deadline, interrupt }
    };
    let patience = begin();
    let client = client::client(arguments, &patience)?;
    let options = &arguments.output;
    let format = options.write_out.as_deref().map(|text| Format::open(text, &patience)).transpose()?;
    let prepared = Prepared::new(arguments, &patience)?;
    for name in format.iter().flat_map(Format::unknown).filter(|_| options.shows_errors()) {
        say(&format!("there is no variable '{}' for --write-out: it stands for nothing", Name(name)));
    }
    let is_kept = options.include || arguments.request.head || options.dump_header.is_some();
    let heads = Heads::new(options.verbose, is_kept);
    // It may have taken long to type a password.
    let dump = options.dump_header.as_deref().map(|path| Output::dump(path, &begin())).transpose()?;
    let (dump, measure) = (dump.map(RefCell::new), Measure::default());
    let session = Session { arguments, client, prepared, interrupt, heads, measure, dump };
    let mut tally = Tally { arguments, first: None, is_closed: false };
    for (number, url) in arguments.urls.iter().enumerate() {
        let target = options.target(number);
        if tally.is_closed && target == Target::Standard {
            // It would only fail again.
            continue;
        }
        session.measure.reset(session.prepared.method());
        let failure = tally.note(session.get(url, target))?;
        let measured = session.measure.end();
        let transferred = Transferred { measured: &measured, url, number, failure: failure.as_ref() };
        if let Some(format) = format.as_ref().filter(|_| !tally.is_closed) {
            tally.note(format.write(&transferred))?;
        }
    }
    Ok(tally.first)
}

/// What has failed so far.
struct Tally<'a> {
    arguments: &'a GetArguments,
    first: Option<Failure>,
    /// Whoever read standard output has gone.
    is_closed: bool,
}

impl Tally<'_> {
    /// Shows a failure, and goes on after it; not after a signal.
    fn note(&mut self, done: Result<(), GetFailure>) -> Result<Option<GetFailure>, GetFailure> {
        let failure = match done {
            Ok(()) => return Ok(None),
            Err(GetFailure::Quiet) => return Err(GetFailure::Quiet),
            Err(failure) => failure,
        };
        self.is_closed |= matches!(&failure, GetFailure::Closed(path) if is_of_standard_output(path));
        let failed = report(self.arguments, &failure);
        self.first = self.first.take().or(Some(failed));
        Ok(Some(failure))
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
