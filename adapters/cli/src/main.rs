//! The `wirenut` command: `wirenut --help` tells what it does.

#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use wirenut_cli::failure::Failure;

fn main() -> ExitCode {
    let arguments = match wirenut_cli::usage::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(status) => return ExitCode::from(status),
    };
    let outcome = wirenut_cli::run(arguments);
    // What went wrong before is told before the end is.
    log::logger().flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // What failed was said when it did.
        Err(failure @ Failure::Ended(_)) => ExitCode::from(failure.status()),
        Err(failure) => {
            // Not `eprintln!`, which panics where standard error is closed.
            let _ = writeln!(std::io::stderr(), "wirenut: {failure}");
            ExitCode::from(failure.status())
        }
    }
}
