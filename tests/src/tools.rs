//! Programs of others that some tests need.
//!
//! One law holds for all of them. What is missing gets installed by `.ci/install`. Where nothing can be installed (no
//! apt-get, not root), the test that needs it is skipped, and one line on standard error says so and what to install.
//! With `CI=true` in the environment nothing is skipped: the test fails. It fails everywhere if an installation was tried
//! and went wrong.

use alloc::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The status by which the scripts say that something is missing and cannot be installed here.
const UNAVAILABLE: i32 = 77;

/// What becomes of a test once a script has looked for the tool that it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The tool is there.
    Run,
    /// The test does nothing, and says so.
    Skip,
    /// The test fails.
    Fail,
}

impl Verdict {
    /// By the script's exit status (`None`: a signal ended it, or it could not be started) and the variable `CI`.
    ///
    /// ```
    /// use wirenut_tests::tools::Verdict;
    /// assert_eq!(Verdict::of(Some(77), None), Verdict::Skip);
    /// ```
    #[must_use]
    pub fn of(status: Option<i32>, ci: Option<&OsStr>) -> Self {
        match status {
            Some(0) => Self::Run,
            Some(UNAVAILABLE) if ci != Some(OsStr::new("true")) => Self::Skip,
            _ => Self::Fail,
        }
    }
}

/// Whether a tool that `.ci/install` knows is there, now that it was installed if need be. If not, the test that asks
/// returns at once.
///
/// ```no_run
/// # fn curl_is_answered() {
/// if !wirenut_tests::tools::has("curl") {
///     return;
/// }
/// # }
/// ```
///
/// # Panics
/// If the installation went wrong; with `CI=true`, if the tool is missing.
#[must_use]
pub fn has(tool: &str) -> bool {
    ensure(tool, &[".ci/install", tool])
}

/// The same of all that the board in QEMU needs.
///
/// # Panics
/// As [`has`].
#[must_use]
pub fn has_board() -> bool {
    let has_all = has("qemu-system-arm") && ensure("the board's target", &["adapters/firmware/toolchain"]);
    if has_all {
        // Without it the board has no log, which is a reason to fail in the gate, but none to skip anything.
        let (status, said) = run_once(&[".ci/install", "defmt-print"]);
        assert!(status == Some(0) || !is_gate(), "no defmt-print:\n{said}");
    }
    has_all
}

fn is_gate() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

fn ensure(what: &str, command: &[&str]) -> bool {
    let (status, said) = run_once(command);
    match Verdict::of(status, std::env::var_os("CI").as_deref()) {
        Verdict::Run => true,
        Verdict::Skip => {
            // Not `eprintln!`, which is heard only of tests that fail.
            let current = std::thread::current();
            let test = current.name().unwrap_or("a test");
            let reason = said.trim_end().replace('\n', "; ");
            let _ = writeln!(std::io::stderr(), "SKIPPED: {test} needs {what}: {reason}");
            false
        }
        Verdict::Fail => panic!("{} ended with status {status:?}:\n{said}", command.join(" ")),
    }
}

/// Many tests of a process ask for the same.
fn run_once(command: &[&str]) -> (Option<i32>, String) {
    static ENDED: Mutex<BTreeMap<String, (Option<i32>, String)>> = Mutex::new(BTreeMap::new());
    let mut ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    ended.entry(command.join(" ")).or_insert_with(|| run(command)).clone()
}

/// Runs a script of the repository: its status, and what it said on standard error. Installing takes minutes, so each
/// line is shown at once.
fn run(command: &[&str]) -> (Option<i32>, String) {
    // If this process is killed, the script is told to end, too.
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--pdeathsig", "TERM"]).args(command).current_dir(ROOT);
    setpriv.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = setpriv.spawn().expect("setpriv of util-linux");
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok) {
        let _ = writeln!(std::io::stderr(), "{line}");
        said += &line;
        said.push('\n');
    }
    (child.wait().expect("a child").code(), said)
}
