//! Compares us with other people's conformance suites: see `--help`.

use core::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, io};

use wirenut_tests::suites::{Report, Suite, curl, h11, llhttp, picohttpparser, structured, url};

const HELP: &str = "\
Compares how Wirenut reads the cases of other people's conformance suites with what these expect.

Usage: suites [--each] --llhttp DIR --picohttpparser DIR --curl DIR --h11 DIR --structured DIR --url DIR

  --llhttp DIR          a checkout of github.com/nodejs/llhttp
  --picohttpparser DIR  a checkout of github.com/h2o/picohttpparser
  --curl DIR            a checkout of github.com/curl/curl
  --h11 DIR             a checkout of github.com/python-hyper/h11
  --structured DIR      a checkout of github.com/httpwg/structured-field-tests
  --url DIR             a checkout of github.com/ada-url/ada
  --each                names each case that differs, too

Any of the six will do. Says how many cases there are and how many agree, and for those that differ one line for each
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
            "--llhttp" => Named::Messages(Suite::Llhttp),
            "--picohttpparser" => Named::Messages(Suite::Picohttpparser),
            "--curl" => Named::Messages(Suite::Curl),
            "--h11" => Named::Messages(Suite::H11),
            "--structured" => Named::Structured,
            "--url" => Named::Url,
            other => return fail(&format!("{other} is no option")),
        };
        let Some(directory) = arguments.next() else { return fail(&format!("{argument} wants a directory")) };
        suites.push((suite, PathBuf::from(directory)));
    }
    if suites.is_empty() {
        return fail("no suite is named");
    }
    for (suite, directory) in suites {
        match report(suite, &directory, names_each) {
            Ok((agrees, text)) => {
                is_true &= agrees;
                print!("{text}");
            }
            Err(error) => return fail(&format!("{suite} in {}: {error}", directory.display())),
        }
    }
    if is_true { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A suite that is asked for.
#[derive(Clone, Copy)]
enum Named {
    Messages(Suite),
    Structured,
    Url,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Messages(suite) => suite.fmt(f),
            Self::Structured => f.write_str("structured-field-tests"),
            Self::Url => f.write_str("URL data"),
        }
    }
}

/// Is all of a suite as it should be, and what is to be said of it?
fn report(suite: Named, directory: &Path, names_each: bool) -> io::Result<(bool, String)> {
    let suite = match suite {
        Named::Messages(suite) => suite,
        Named::Structured => {
            let report = structured::Report::new(&structured::cases(directory)?);
            return Ok((report.is_true(), report.to_string()));
        }
        Named::Url => {
            let report = url::Report::new(&url::cases(directory)?);
            return Ok((report.is_true(), report.to_string()));
        }
    };
    let cases = match suite {
        Suite::Llhttp => llhttp::cases(directory)?,
        Suite::Picohttpparser => picohttpparser::cases(directory)?,
        Suite::Curl => curl::cases(directory)?,
        Suite::H11 => h11::cases(directory)?,
    };
    let report = Report::new(suite, &cases);
    Ok((report.is_true(), if names_each { format!("{report:#}") } else { report.to_string() }))
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why} (see --help)");
    ExitCode::from(2)
}
