//! The examples of pipes and pools, as programs.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// An example, built as this test was: `cargo test` with a name for a filter builds none.
fn program(name: &str) -> Command {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    let examples = EXAMPLES.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let profile = tests.parent().unwrap().parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--offline", "--examples", "--manifest-path"]);
        cargo.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success());
        profile.join("examples")
    });
    Command::new(examples.join(name))
}

fn says(name: &str, arguments: &[&str]) -> String {
    let output = program(name).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn pipe() {
    assert_eq!(says("pipe", &["1", "-20", "300"]), "2 × 1 = 2\n2 × -20 = -40\n2 × 300 = 600\n");
}

#[test]
fn pool() {
    let expected = "10: 4\n1000: 168\nten: invalid digit found in string\n2: 0\n";
    assert_eq!(says("pool", &["10", "1000", "ten", "2"]), expected);
}
