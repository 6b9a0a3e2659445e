//! Compares us with other people's conformance suites: see `--help`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, io};

use wirenut_tests::suites::{Case, Report, Suite, curl, h11, llhttp, picohttpparser};

const HELP: &str = "\
Compares how Wirenut reads the cases of other people's conformance suites with what these expect.

Usage: suites [--each] --llhttp DIR --picohttpparser DIR --curl DIR --h11 DIR

  --llhttp DIR          a checkout of github.com/nodejs/llhttp
  --picohttpparser DIR  a checkout of github.com/h2o/picohttpparser
  --curl DIR            a checkout of github.com/curl/curl
  --h11 DIR             a checkout of github.com/python-hyper/h11
  --each                names each case that differs, too

Any of the four will do. Says how many cases there are and how many agree, and for those that differ one line for each
reason. Fails if a difference has no reason in tests/src/suites/reasons.rs, or a reason there is not needed any more.";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (mut is_true, mut names_each, mut suites) = (true, false, Vec::new());
    while let Some(argument) = arguments.next() {
        let suite = match &argument[..] {
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            "--each" => {
                names_each = true;
                continue;
            }
            "--llhttp" => Suite::Llhttp,
            "--picohttpparser" => Suite::Picohttpparser,
            "--curl" => Suite::Curl,
            "--h11" => Suite::H11,
            other => return fail(&format!("{other} is no option")),
        };
        let Some(directory) = arguments.next() else { return fail(&format!("{argument} wants a directory")) };
        suites.push((suite, PathBuf::from(directory)));
    }
    if suites.is_empty() {
        return fail("no suite is named");
    }
    for (suite, directory) in suites {
        let cases = match cases(suite, &directory) {
            Ok(cases) => cases,
            Err(error) => return fail(&format!("{suite} in {}: {error}", directory.display())),
        };
        let report = Report::new(suite, &cases);
        is_true &= report.is_true();
        if names_each { print!("{report:#}") } else { print!("{report}") }
    }
    if is_true { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cases(suite: Suite, directory: &Path) -> io::Result<Vec<Case>> {
    match suite {
        Suite::Llhttp => llhttp::cases(directory),
        Suite::Picohttpparser => picohttpparser::cases(directory),
        Suite::Curl => curl::cases(directory),
        Suite::H11 => h11::cases(directory),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why} (see --help)");
    ExitCode::from(2)
}
