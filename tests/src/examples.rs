//! The examples of a package, as programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// An example of the package that asks, as a [`Command`] to be run. It is built as the test was that asks, unless it is there
/// and no source is newer: `cargo test` builds all examples, and none with a name for a filter. It panics if the example cannot
/// be built.
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
    static BUILT: OnceLock<()> = OnceLock::new();
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().unwrap().parent().unwrap();
    let program = profile.join("examples").join(name);
    // Cargo would build what is there once more: for one package alone it chooses other features than for all of them.
    if !is_fresh(&program) {
        BUILT.get_or_init(|| build(folder, profile));
    }
    Command::new(program)
}

fn build(folder: &str, profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--examples", "--manifest-path"]);
    cargo.arg(format!("{folder}/Cargo.toml"));
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
}

/// Is it newer than all that it was made of: the files that Cargo lists beside it, and the versions of its dependencies?
fn is_fresh(program: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let is_older = |path: PathBuf, than: SystemTime| modified(&path).is_some_and(|modified| modified <= than);
    let (Some(built), Ok(rule)) = (modified(program), fs::read_to_string(program.with_extension("d"))) else {
        return false;
    };
    let Some((_, sources)) = rule.trim_end().split_once(": ") else { return false };
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    // A space within a name stands behind a backslash: both parts of that are no files.
    sources.split(' ').chain([lock]).all(|source| is_older(source.into(), built))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::fs::File;

    use super::*;

    #[test]
    fn what_is_older_than_a_source_is_not_fresh() {
        let folder = std::env::temp_dir().join(format!("wirenut-examples-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let [program, rule, source] = ["program", "program.d", "source.rs"].map(|name| folder.join(name));
        let lists = |sources: &str| fs::write(&rule, format!("{}: {sources}\n", program.display())).unwrap();
        let both = format!("{} {}", source.display(), file!());
        let set =
            |path: &Path, time: SystemTime| File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        assert!(!is_fresh(&program));
        fs::write(&source, "").unwrap();
        fs::write(&program, "").unwrap();
        assert!(!is_fresh(&program));
        lists(&source.display().to_string());
        assert!(is_fresh(&program));
        set(&source, SystemTime::now() + Duration::from_secs(10));
        assert!(!is_fresh(&program));
        set(&program, SystemTime::now() + Duration::from_secs(20));
        assert!(is_fresh(&program));
        lists(&both.replace(file!(), "/no/such/file"));
        assert!(!is_fresh(&program));
        fs::remove_dir_all(&folder).unwrap();
    }
}
