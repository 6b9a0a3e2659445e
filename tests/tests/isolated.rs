//! The harness for tests that are processes of their own: a table of tests that misbehave is run by this program itself, and
//! the harness must see each.

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output, Stdio};
use std::thread;

use wirenut_tests::isolated::{self, Test};

/// Says that this is the program with the tests that misbehave.
const VARIABLE: &str = "WIRENUT_MISBEHAVING";

const MISBEHAVING: [Test; 6] = [
    ("fine", || println!("is never shown")),
    ("panics", || panic!("as expected")),
    ("exits", || std::process::exit(7)),
    ("hangs", || {
        // Neither is it left, nor what it has started.
        let _ = Command::new("sleep").arg("1001").status();
    }),
    ("leaves::a_child", || drop(Command::new("sleep").arg("1002").spawn().unwrap())),
    ("leaves::a_daemon", || {
        let status = Command::new("setsid").args(["--fork", "sleep", "1003"]).status();
        assert!(status.unwrap().success());
    }),
];

/// Enough for what ends by itself, also where the machine is busy.
const LIMIT: Duration = Duration::from_secs(10);

/// Names the folder in which the tests that meet do.
const MEETING: &str = "WIRENUT_MEETING";

const MEETINGS: [Test; 2] = [("one", meet), ("another", meet)];

/// Waits until two tests of this program are here.
fn meet() {
    let folder = PathBuf::from(std::env::var_os(MEETING).unwrap());
    fs::write(folder.join(std::process::id().to_string()), "").unwrap();
    while fs::read_dir(&folder).unwrap().count() < 2 {
        thread::sleep(Duration::from_millis(5));
    }
}

const TESTS: [Test; 6] = [
    ("each_failure_is_seen_and_said", each_failure_is_seen_and_said),
    ("nothing_is_left", nothing_is_left),
    ("filters_are_those_of_the_usual_harness", filters_are_those_of_the_usual_harness),
    ("tests_are_listed", tests_are_listed),
    ("as_many_run_at_a_time_as_are_asked_for", as_many_run_at_a_time_as_are_asked_for),
    ("a_test_leads_a_session", a_test_leads_a_session),
];

fn main() -> ExitCode {
    if std::env::var_os(VARIABLE).is_some() {
        return isolated::run_within(LIMIT, &MISBEHAVING);
    }
    if std::env::var_os(MEETING).is_some() {
        return isolated::run_within(LIMIT, &MEETINGS);
    }
    isolated::run(&TESTS)
}

fn misbehave(arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // What it starts is its own, and not this test's harness's.
    command
        .args(arguments)
        .env(VARIABLE, std::process::id().to_string())
        .env_remove("WIRENUT_ISOLATED")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn each_failure_is_seen_and_said() {
    let output = misbehave(&[]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(101), "{said}");
    assert!(said.contains("\nrunning 6 tests\n") && said.contains("\ntest fine ... ok\n"), "{said}");
    for line in [
        "---- panics: exit status: 101 ----",
        "as expected",
        "---- exits: exit status: 7 ----",
        "---- hangs: took more than 10 s ----",
        "---- leaves::a_child: left processes: ",
        "---- leaves::a_daemon: left processes: ",
    ] {
        assert!(said.contains(line), "no {line} in {said}");
    }
    assert!(!said.contains("is never shown"), "{said}");
    let last = said.trim_end().lines().last().unwrap();
    assert!(last.starts_with("test result: FAILED. 1 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; "));
}

fn nothing_is_left() {
    assert_eq!(misbehave(&["hangs", "leaves"]).status.code(), Some(101));
    let mark = format!("{VARIABLE}={}", std::process::id());
    for folder in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(folder.path().join("environ")).unwrap_or_default();
        let is_of_them = environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes());
        assert!(!is_of_them, "{:?}", fs::read_to_string(folder.path().join("stat")));
    }
}

fn filters_are_those_of_the_usual_harness() {
    for (arguments, passed, failed, filtered) in [
        (&["fine"][..], 1, 0, 5),
        (&["fine", "exit", "--nocapture", "--test-threads", "1"], 1, 1, 4),
        (&["--exact", "fin"], 0, 0, 6),
        (&["--exact", "fine"], 1, 0, 5),
        (&["--skip", "leaves", "--skip=x", "i", "--skip", "exits", "--skip", "hangs"], 1, 1, 4),
        (&["--ignored"], 0, 0, 6),
        (&["no such"], 0, 0, 6),
    ] {
        let output = misbehave(arguments);
        let said = text(&output);
        let expected = format!("{passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out");
        assert!(said.contains(&expected), "{arguments:?}: {said}");
        assert_eq!(output.status.success(), failed == 0);
    }
}

fn tests_are_listed() {
    let said = text(&misbehave(&["--list", "leaves"]));
    assert_eq!(said, "leaves::a_child: test\nleaves::a_daemon: test\n");
}

fn a_test_leads_a_session() {
    let this = rustix::process::getpid();
    assert_eq!(rustix::process::getsid(None), Ok(this));
    assert_eq!(rustix::process::getpgrp(), this);
}

fn as_many_run_at_a_time_as_are_asked_for() {
    for (arguments, variable, meet) in [
        (&["--test-threads=2"][..], "1", true),
        (&["--test-threads", "2"], "1", true),
        (&[], "2", true),
        (&[], "1", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(arguments).env("RUST_TEST_THREADS", variable).env(MEETING, folder.path());
        let output = command.env_remove("WIRENUT_ISOLATED").stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.success(), meet, "{arguments:?}: {}", text(&output));
    }
}
