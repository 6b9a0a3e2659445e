//! A harness for tests of programs that must have one thread, as those that fork: each test is a process of its own.
//!
//! In the manifest, `harness = false` under `[[test]]`; the file's `main` is this, and the rest is as with the usual one:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     wirenut_tests::isolated::run(&[("adds", adds)])
//! }
//!
//! fn adds() {
//!     assert_eq!(1 + 1, 2);
//! }
//! ```
//!
//! The program runs itself, once for each test, with the test's name. A test has a session of its own and a time limit.
//! Whatever it has started must be gone when it ends, also what has a session of its own or another parent: all of it is
//! known by a variable in its environment. What is not gone is killed, and the test fails. What a test has printed is shown if
//! it fails.
//!
//! Names to run are arguments, as with the usual harness: parts of names, whole ones with `--exact`, `--skip`, `--list`.
//! As there, as many run at a time as there are processors, or as `--test-threads` or the variable `RUST_TEST_THREADS` says.
//! Other options are ignored.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, kill_process, setsid};

/// A test, and its name: unique, and with `::` between the parts, as the usual harness has it.
pub type Test = (&'static str, fn());

/// How long a test may take, where more run at a time than there are processors.
const LIMIT: Duration = Duration::from_secs(300);
/// What a test has killed, and what dies with it, must be gone within this part of its limit.
const GRACE_PART: u32 = 10;
/// Whose it is, and which test: inherited by all that the test starts.
const VARIABLE: &str = "WIRENUT_ISOLATED";

/// Runs the tests that the command line asks for, each in a process of its own and for five minutes at most, and says what came
/// of them.
///
/// # Panics
/// In the process of a test: if the test does.
#[must_use]
pub fn run(tests: &[Test]) -> ExitCode {
    run_within(LIMIT, tests)
}

/// The same with another limit for each test.
///
/// # Panics
/// As [`run`].
#[must_use]
pub fn run_within(limit: Duration, tests: &[Test]) -> ExitCode {
    if let Ok(mark) = std::env::var(VARIABLE) {
        return run_here(tests, &mark);
    }
    let arguments = Arguments::read(std::env::args().skip(1));
    let chosen: Vec<&Test> = tests.iter().filter(|(name, _)| arguments.has(name)).collect();
    if arguments.is_list {
        chosen.iter().for_each(|(name, _)| say(&format!("{name}: test\n")));
        return ExitCode::SUCCESS;
    }
    say(&format!("\nrunning {} test{}\n", chosen.len(), if chosen.len() == 1 { "" } else { "s" }));
    let (begun, next) = (Instant::now(), AtomicUsize::new(0));
    let failures: Vec<Failure> = thread::scope(|scope| {
        let worker = || {
            let mut failures = Vec::new();
            while let Some((name, _)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                failures.extend(run_apart(name, limit).err());
            }
            failures
        };
        let workers: Vec<_> = (0..arguments.test_threads()).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    summarise(tests.len(), chosen.len(), &failures, begun.elapsed())
}

fn summarise(all: usize, chosen: usize, failures: &[Failure], took: Duration) -> ExitCode {
    if !failures.is_empty() {
        let each = failures.iter().map(|Failure { name, why, said }| format!("---- {name}: {why} ----\n{said}\n"));
        say(&format!("\nfailures:\n\n{}\nfailures:\n", each.collect::<String>()));
        failures.iter().for_each(|failure| say(&format!("    {}\n", failure.name)));
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    let (passed, failed, filtered) = (chosen - failures.len(), failures.len(), all - chosen);
    say(&format!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out; \
         finished in {:.2}s\n\n",
        took.as_secs_f64()
    ));
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

struct Failure {
    name: &'static str,
    why: String,
    said: String,
}

/// Not `print!`, which panics where standard output is closed.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

#[derive(Default)]
struct Arguments {
    names: Vec<String>,
    skipped: Vec<String>,
    is_exact: bool,
    is_list: bool,
    /// Only tests that are not run otherwise: there are none here.
    is_of_ignored: bool,
    test_threads: Option<usize>,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut read = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--exact" => read.is_exact = true,
                "--list" => read.is_list = true,
                "--ignored" => read.is_of_ignored = true,
                "--skip" => read.skipped.extend(arguments.next()),
                "--test-threads" => read.test_threads = arguments.next().and_then(|count| count.parse().ok()),
                // Their values are no names.
                "--color" | "--format" | "--logfile" | "--shuffle-seed" | "-Z" => {
                    arguments.next();
                }
                option if option.starts_with("--skip=") => read.skipped.push(option["--skip=".len()..].to_owned()),
                option if option.starts_with("--test-threads=") => {
                    read.test_threads = option["--test-threads=".len()..].parse().ok();
                }
                option if option.starts_with('-') => {}
                _ => read.names.push(argument),
            }
        }
        read
    }

    fn test_threads(&self) -> usize {
        let variable = || std::env::var("RUST_TEST_THREADS").ok()?.parse().ok();
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        self.test_threads.or_else(variable).unwrap_or_else(processors).max(1)
    }

    fn has(&self, name: &str) -> bool {
        let fits = |filter: &String| if self.is_exact { name == filter } else { name.contains(filter.as_str()) };
        !self.is_of_ignored && (self.names.is_empty() || self.names.iter().any(fits)) && !self.skipped.iter().any(fits)
    }
}

/// The test itself, in its own process.
fn run_here(tests: &[Test], mark: &str) -> ExitCode {
    let name = mark.split_once(' ').map_or("", |(_, name)| name);
    let Some((_, test)) = tests.iter().find(|(known, _)| *known == name) else {
        say(&format!("no test is called {name}\n"));
        return ExitCode::FAILURE;
    };
    setsid().expect("a process that leads no group");
    test();
    ExitCode::SUCCESS
}

fn run_apart(name: &'static str, limit: Duration) -> Result<(), Failure> {
    let mark = format!("{} {name}", std::process::id());
    let mut output = File::from(memfd_create("output", MemfdFlags::CLOEXEC).expect("memory for the output"));
    let mut command = Command::new(std::env::current_exe().expect("/proc"));
    command.env(VARIABLE, &mark).stdin(Stdio::null());
    command.stdout(output.try_clone().expect("a descriptor")).stderr(output.try_clone().expect("a descriptor"));
    let status = run_limited(&mut command, limit);
    // What a test that was killed has left is killed at once.
    let left = end_all(&mark, if status.is_some() { limit / GRACE_PART } else { Duration::ZERO });
    let why = match status {
        None => Some(format!("took more than {} s", limit.as_secs())),
        Some(status) if !status.success() => Some(status.to_string()),
        Some(_) if !left.is_empty() => Some(format!("left processes: {}", left.join(", "))),
        Some(_) => None,
    };
    say(&format!("test {name} ... {}\n", if why.is_none() { "ok" } else { "FAILED" }));
    let Some(why) = why else { return Ok(()) };
    let mut said = Vec::new();
    let _ = output.rewind().and_then(|()| output.read_to_end(&mut said));
    Err(Failure { name, why, said: String::from_utf8_lossy(&said).into_owned() })
}

/// `None`: its time was over, and it was killed.
fn run_limited(command: &mut Command, limit: Duration) -> Option<ExitStatus> {
    let mut child = command.spawn().expect("this program");
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            child.wait().expect("a child");
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until all that has this mark is gone, and kills what does not go: those, as /proc shows them.
fn end_all(mark: &str, grace: Duration) -> Vec<String> {
    let deadline = Instant::now() + grace;
    let mut killed = Vec::new();
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return killed;
        }
        if Instant::now() > deadline {
            for (pid, stat) in left {
                if !killed.contains(&stat) {
                    killed.push(stat);
                }
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The processes that have been started with this mark, and their status.
fn marked(mark: &str) -> Vec<(Pid, String)> {
    let variable = format!("{VARIABLE}={mark}");
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let marked = processes.filter_map(|folder| {
        let pid = Pid::from_raw(folder.file_name().to_str()?.parse().ok()?)?;
        let environment = fs::read(folder.path().join("environ")).ok()?;
        let is_marked = environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes());
        let stat = fs::read_to_string(folder.path().join("stat")).ok()?;
        is_marked.then(|| (pid, stat.split(' ').take(6).collect::<Vec<_>>().join(" ")))
    });
    marked.collect()
}

/// The table of tests for [`run`](crate::isolated::run), each named by its module and function.
///
/// ```
/// mod sums {
///     pub fn small() {}
///     pub fn large() {}
/// }
/// let tests = wirenut_tests::isolated_tests![sums::small, sums::large];
/// assert_eq!(tests[1].0, "sums::large");
/// ```
#[macro_export]
macro_rules! isolated_tests {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($name)), $module::$name as fn())),*]
    };
}
