//! `wirenut trace`: what the connections in a capture did, or those that pass an interface.

mod capture;
mod conversation;
mod copy;
mod drawing;
mod json;
mod live;
mod options;
mod progress;
mod record;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod totals;
mod watch;

use core::num::NonZeroUsize;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

pub use self::options::TraceArguments;

use self::capture::{Damage, read};
use self::drawing::Selection;
use self::progress::Progress;
use self::watch::{Plan, Watch};
use crate::failure::Failure;
use crate::printed::{terminal_columns, write};

/// How many segments are drawn at most, without `--limit`.
const SEGMENTS: usize = 10_000;

/// Reads a capture, or what passes an interface, and prints its connections.
///
/// # Errors
/// [`Failure::Capture`]: it cannot be opened, or is damaged; what comes before the damage was printed.
/// [`Failure::Interface`]: it cannot be watched, or not any more; what came before was printed.
/// [`Failure::Write`]: standard output or the picture cannot be written whole.
/// [`Failure::NoConnection`]: the connection that was to be drawn is not there; everything else was printed.
pub fn trace(arguments: &TraceArguments) -> Result<(), Failure> {
    let mut watch = Watch::new(plan(arguments));
    let (dropped, outcome) = match (&arguments.interface, &arguments.file) {
        (Some(interface), _) => {
            let (dropped, outcome) = live::capture(interface, arguments, |packet| watch.packet(packet))?;
            (Some(dropped), outcome)
        }
        (None, file) => (None, read_file(file.as_deref().unwrap_or(Path::new("-")), &mut watch)),
    };
    if outcome.is_ok() || watch.counts.packets > 0 {
        show(arguments, &watch, dropped)?;
    }
    outcome?;
    match watch.missing() {
        Some(number) => Err(Failure::NoConnection { number, count: watch.records.len() }),
        None => Ok(()),
    }
}

fn plan(arguments: &TraceArguments) -> Plan {
    let draws = match (arguments.timeline, arguments.only) {
        (Some(Some(number)), _) | (_, Some(number)) => Selection::One(number),
        _ => Selection::All,
    };
    let is_drawn = arguments.timeline.is_some() || arguments.svg.is_some();
    Plan {
        connections: arguments.connections.get(),
        port: arguments.port,
        draws: if is_drawn { draws } else { Selection::None },
        segments: arguments.limit.map_or(SEGMENTS, NonZeroUsize::get),
    }
}

/// Reads a file, or standard input for `-`.
fn read_file(path: &Path, watch: &mut Watch) -> Result<(), Failure> {
    let failure = |offset, reason: String| Failure::Capture { path: path.into(), offset, reason };
    let is_input = path.as_os_str() == "-";
    let (input, size): (Box<dyn Read + Send>, _) = if is_input {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path).map_err(|error| failure(0, error.to_string()))?;
        let size = file.metadata().ok().filter(Metadata::is_file).map(|metadata| metadata.len());
        (Box::new(file), size)
    };
    let progress = Progress::of(size);
    read(progress.watch(input), |packet| watch.packet(packet))
        .map_err(|Damage { offset, reason }| failure(offset, reason.to_string()))
}

/// Do both paths lead to the same file?
fn is_same(one: &Path, other: &Path) -> bool {
    let identity =
        |path: &Path| fs::metadata(path).ok().filter(Metadata::is_file).map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|found| identity(other) == Some(found))
}

/// Prints what was asked for, and writes the picture.
fn show(arguments: &TraceArguments, watch: &Watch, dropped: Option<u64>) -> Result<(), Failure> {
    let picture = arguments.svg.as_deref();
    if picture == Some(Path::new("-")) {
        return write(|output| svg::write(output, watch));
    }
    if let Some(path) = picture {
        let failed = |error| Failure::Write { path: path.into(), error };
        if arguments.file.as_deref().is_some_and(|capture| is_same(capture, path)) {
            let reason = "it is the capture, which would be lost";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, reason)));
        }
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        svg::write(&mut file, watch).and_then(|()| file.flush()).map_err(failed)?;
    }
    let columns = terminal_columns();
    write(|output| {
        if arguments.json {
            return json::write(output, watch, dropped);
        }
        if arguments.timeline.is_some() {
            timeline::write(output, watch)?;
        } else {
            table::write(output, watch, columns)?;
        }
        if arguments.timeline.is_none() && !watch.records.is_empty() {
            writeln!(output)?;
        }
        totals::write(output, watch, dropped)
    })
}
