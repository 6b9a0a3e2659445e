//! `wirenut ps`: processes, as the system shows them.

mod table;
mod tree;

use alloc::collections::BTreeSet;
use std::io;

use clap::Args;
use wirenut_linux::process::status::{self, Status, StatusError};

use crate::failure::Failure;
use crate::printed::{print, terminal_columns};

/// The arguments of `wirenut ps`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut ps               all processes
  wirenut ps $$            this shell
  wirenut ps --tree 1      the first process, and all beneath it")]
pub struct PsArguments {
    /// The ids of processes [default: all]
    #[arg(value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub pids: Vec<u32>,
    /// Show children beneath their parents, also those of processes that are named
    #[arg(long)]
    pub tree: bool,
}

/// Prints a table of the processes that are asked for, or of all.
///
/// # Errors
/// [`Failure::NoSuchProcess`] names those that there are not; the others were printed. [`Failure::Network`]: the system
/// shows none. [`Failure::Write`]: standard output does not take the table whole.
pub fn ps(arguments: &PsArguments) -> Result<(), Failure> {
    let needs_all = arguments.tree || arguments.pids.is_empty();
    let mut pids = if needs_all { status::all()? } else { arguments.pids.clone() };
    let mut named = BTreeSet::new();
    pids.retain(|pid| named.insert(*pid));
    let (mut processes, mut missing) = (Vec::new(), Vec::new());
    for pid in pids {
        match Status::of(pid) {
            Ok(status) => processes.push(status),
            Err(StatusError::NoSuchProcess(pid)) => missing.push(pid),
            // Where /proc has the option `hidepid=1`, other users' processes are listed, and that is all.
            Err(StatusError::System(error))
                if error.kind() == io::ErrorKind::PermissionDenied && !arguments.pids.contains(&pid) => {}
            Err(error) => return Err(Failure::System { what: "show a process", error: io::Error::other(error) }),
        }
    }
    if needs_all {
        // Those that have ended since they were listed are missed by nobody, but those that were asked for are.
        let is_there = |pid: &u32| processes.iter().any(|process| process.pid == *pid);
        missing = arguments.pids.iter().copied().filter(|pid| !is_there(pid)).collect();
    }
    let rows = if arguments.tree {
        tree::rows(processes, &arguments.pids)
    } else {
        processes.into_iter().map(|process| (0, process)).collect()
    };
    let text = table::render(&rows, terminal_columns());
    print(&text)?;
    if missing.is_empty() { Ok(()) } else { Err(Failure::NoSuchProcess(missing)) }
}
