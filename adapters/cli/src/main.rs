//! The `wirenut` command: `wirenut --help` tells what it does.

#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use wirenut_cli::arguments::Arguments;

fn main() -> ExitCode {
    match wirenut_cli::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Not `eprintln!`, which panics where standard error is closed.
            let _ = writeln!(std::io::stderr(), "wirenut: {failure}");
            ExitCode::FAILURE
        }
    }
}
