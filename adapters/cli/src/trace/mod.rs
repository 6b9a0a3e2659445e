//! `wirenut trace`: what the connections in a capture did.

mod capture;
mod json;
mod record;
mod table;
mod timeline;
mod watch;

use std::fs::File;
use std::io::{self, Read};

use self::capture::{Damage, read};
use self::watch::Watch;
use crate::arguments::TraceArguments;
use crate::failure::Failure;
use crate::printed::{print, terminal_columns};

/// Reads a capture and prints its connections.
///
/// # Errors
/// [`Failure::Capture`]: it cannot be opened, or is damaged; what comes before the damage was printed.
/// [`Failure::Write`]: standard output does not take it whole.
pub fn trace(arguments: &TraceArguments) -> Result<(), Failure> {
    let failure = |offset, reason: String| Failure::Capture { path: arguments.file.clone(), offset, reason };
    let input: Box<dyn Read + Send> = if arguments.file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let file = File::open(&arguments.file).map_err(|error| failure(0, error.to_string()))?;
        Box::new(file)
    };
    let mut watch = Watch::new(arguments.connections.get(), arguments.timeline);
    let outcome = read(input, |packet| watch.packet(packet));
    let is_none = matches!(outcome, Err(Damage { offset: 0, .. })) && watch.counts.packets == 0;
    if !is_none {
        let text = if arguments.json {
            json::render(&watch)
        } else if arguments.timeline.is_some() {
            timeline::render(&watch)
        } else {
            table::render(&watch, terminal_columns())
        };
        print(&text)?;
    }
    outcome.map_err(|damage| failure(damage.offset, damage.reason.to_string()))
}
