//! The units in `systemd/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wirenut_tests::tools::has;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

/// What systemd-analyze prints, and whether it is content.
fn analyze(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(arguments).current_dir(folder()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// 10 is all that a process can do, 0 nothing.
#[test]
fn expose_little() {
    if !has("systemd-analyze") {
        return;
    }
    let (is_safe, said) = analyze(&["security", "--offline=true", "--no-pager", "--threshold=5", "wirenut.service"]);
    assert!(is_safe, "more than 0.5:\n{said}");
    // That the threshold holds at all: nothing is as safe as this.
    assert!(!analyze(&["security", "--offline=true", "--no-pager", "--threshold=0", "wirenut.service"]).0);
}

/// Each line of them, with the program where the tests have it.
#[test]
fn are_understood() {
    if !has("systemd-analyze") {
        return;
    }
    let copy = std::env::temp_dir().join(format!("wirenut-units-{}", std::process::id()));
    fs::create_dir(&copy).unwrap();
    for name in ["wirenut.service", "wirenut.socket"] {
        let unit = fs::read_to_string(folder().join(name)).unwrap();
        let unit = unit.replace("/usr/bin/wirenut", env!("CARGO_BIN_EXE_wirenut"));
        fs::write(copy.join(name), unit).unwrap();
    }
    let paths = ["wirenut.service", "wirenut.socket"].map(|name| copy.join(name).display().to_string());
    let (is_content, said) = analyze(&["verify", "--man=no", &paths[0], &paths[1]]);
    fs::remove_dir_all(&copy).unwrap();
    let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("wirenut")).collect();
    assert!(is_content && of_ours.is_empty(), "{said}");
}
