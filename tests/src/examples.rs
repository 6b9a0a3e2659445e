//! The examples of a package, as programs.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// An example of the package that asks, as a [`Command`] to be run. It is built as the test was that asks: `cargo test` with a
/// name for a filter builds none. It panics if the example cannot be built.
#[macro_export]
macro_rules! example {
    ($name:expr) => {
        $crate::examples::of(env!("CARGO_MANIFEST_DIR"), $name)
    };
}

/// That of the package whose manifest lies in `folder`.
#[doc(hidden)]
#[must_use]
pub fn of(folder: &str, name: &str) -> Command {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    let examples = EXAMPLES.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let profile = tests.parent().unwrap().parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--offline", "--examples", "--manifest-path"]);
        cargo.arg(format!("{folder}/Cargo.toml"));
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success());
        profile.join("examples")
    });
    Command::new(examples.join(name))
}
