//! Those who call it: the scripts of the board, the tests, and nobody past it.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use wirenut_tests::tools::Verdict;

use super::{Machine, assert_fails, assert_success, said};
use crate::process::ROOT;

const TESTS_OF_THE_BOARD: [&str; 7] = [
    "crowd::the_board_makes_room_over_embassy",
    "crowd::the_board_makes_room_over_smoltcp",
    "device_client::the_board_fetches_what_is_larger_than_its_memory",
    "device_client::the_board_reads_heads_larger_than_its_buffer",
    "device_client::the_board_tells_what_is_wrong_with_an_answer",
    "parity::memory_linux_and_board_agree",
    "parity::memory_linux_and_embassy_agree",
];

/// Everybody else calls it, so that there is one lock.
#[test]
fn nothing_else_installs() {
    for folder in [".ci", "adapters/firmware", "adapters/cli/tests", "bench", "fuzz", "tests"] {
        for entry in fs::read_dir(format!("{ROOT}/{folder}")).expect("a folder of ours") {
            let path = entry.expect("a file").path();
            if path.is_dir() || path.ends_with(".ci/install") {
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
            for command in ["apt-get", "cargo install", "apt install"] {
                assert!(!text.contains(command), "{} calls {command} by itself", path.display());
            }
        }
    }
}

/// What people start the board with says the same, in one line, and by the same status.
#[test]
fn scripts_without_their_tool_end_with_the_same_status() {
    let machine = Machine::bare();
    for (words, word) in [
        (&["run", "reference_smoltcp"][..], "install: qemu-system-arm is missing"),
        (&["run", "reference_embassy", "--no-log", "--port", "0"], "install: qemu-system-arm is missing"),
        (&["fetch", "smoltcp", "http://10.0.2.2:1/"], "install: qemu-system-arm is missing"),
        (&["heads"], "install: qemu-system-arm is missing"),
        (&["size"], "install: size readelf is missing"),
        (&["toolchain"], "toolchain: rustup is missing"),
    ] {
        let mut command = Command::new(format!("{ROOT}/adapters/firmware/{}", words[0]));
        command.args(&words[1..]).env_clear().env("PATH", machine.path("bin")).env("HOME", machine.path("home"));
        let output = command.env("TMPDIR", machine.path("tmp")).stdin(Stdio::null()).output().expect("bash");
        assert_fails(&output, 77, &[word]);
        assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

/// All tests of the board, on a machine where nothing can be installed.
#[test]
fn tests_without_their_tool_are_skipped_and_in_the_gate_fail() {
    let machine = Machine::bare();
    // By what they are called: whoever adds one calls it so, too.
    let test = |ci: Option<&str>| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["board", "embassy", "--skip", "install::", "--test-threads=1"]);
        command.env_clear().env("PATH", machine.path("bin")).env("HOME", machine.path("home"));
        command.envs(ci.map(|ci| ("CI", ci))).stdin(Stdio::null()).output().expect("this program")
    };
    for ci in [None, Some("false")] {
        let output = test(ci);
        assert_success(&output);
        let skipped =
            "SKIPPED: parity::memory_linux_and_board_agree needs qemu-system-arm: install: qemu-system-arm is missing";
        assert!(said(&output).contains(skipped), "{}", said(&output));
        assert!(said(&output).contains("please install it"), "{}", said(&output));
    }
    let output = test(Some("true"));
    assert!(!output.status.success(), "{output:?}");
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), said(&output));
    assert!(all.contains("qemu-system-arm is missing") && !all.contains("SKIPPED"), "{all}");
    for test in TESTS_OF_THE_BOARD {
        assert!(all.contains(&format!("test {test} ... FAILED")), "{test}: {all}");
    }
}

#[test]
fn a_failed_installation_skips_nothing() {
    for (status, ci, verdict) in [
        (Some(0), None, Verdict::Run),
        (Some(0), Some("true"), Verdict::Run),
        (Some(77), None, Verdict::Skip),
        (Some(77), Some("false"), Verdict::Skip),
        (Some(77), Some("true"), Verdict::Fail),
        (Some(1), None, Verdict::Fail),
        (Some(2), None, Verdict::Fail),
        (None, None, Verdict::Fail),
    ] {
        assert_eq!(Verdict::of(status, ci.map(OsStr::new)), verdict, "{status:?} {ci:?}");
    }
}
