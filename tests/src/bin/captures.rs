//! Compares what `wirenut trace` says of captures with what tshark says of them: see `--help`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, io};

use wirenut_tests::captures::{Programs, Report, files};

const HELP: &str = "\
Compares what `wirenut trace` says of captures with what tshark says of them.

Usage: captures [--each] [--wirenut PROGRAM] DIR...

  --wirenut PROGRAM  the command (default: target/release/wirenut)
  --each             names each connection that differs, too

Each file below DIR that begins as pcap or pcapng is read by both. `wirenut trace` may take 30 s and 512 MiB of memory for
each. Prints how many connections both see, how often the states of both ends are those that tshark's tcp.completeness lets
expect, and for what differs one line for each reason. Fails if `wirenut trace` does not end well, or a difference has no
reason.";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (mut names_each, mut directories) = (false, Vec::new());
    let mut programs = Programs { wirenut: PathBuf::from("target/release/wirenut") };
    while let Some(argument) = arguments.next() {
        match &argument[..] {
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            "--each" => names_each = true,
            "--wirenut" => match arguments.next() {
                Some(path) => programs.wirenut = PathBuf::from(path),
                None => return fail("--wirenut wants a program"),
            },
            option if option.starts_with('-') => return fail(&format!("{option} is no option")),
            directory => directories.push(PathBuf::from(directory)),
        }
    }
    if directories.is_empty() {
        return fail("no directory is named");
    }
    match compare(&programs, &directories) {
        Ok(report) => {
            print!("{}", if names_each { format!("{report:#}") } else { report.to_string() });
            if report.is_true() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => fail(&error.to_string()),
    }
}

fn compare(programs: &Programs, directories: &[PathBuf]) -> io::Result<Report> {
    let mut report = Report::default();
    for directory in directories {
        for file in files(directory)? {
            report.add(programs, &file)?;
        }
    }
    Ok(report)
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why} (see --help)");
    ExitCode::from(2)
}
